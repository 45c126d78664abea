import "@mantine/core/styles/baseline.css";
import "virtual:theme.css";
import "../shared/ui/tokens.css";
import "../shared/ui/base.css";
import "../shared/ui/parts.css";
import "./student.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { openSession, studentSession, subscribeToSession } from "../shared/session/student.ts";
import { registerWorker } from "../shared/sw/updates.ts";
import { Themed } from "../shared/ui/provider.tsx";
import { allowOnlyWorker } from "../shared/ui/trusted-types.ts";
import { preferredLanguage } from "../shared/words/language.ts";
import { followLive } from "./live.ts";
import { renewPushes } from "./push.ts";
import { queryClient } from "./queries.ts";
import { router } from "./router.tsx";
import { words } from "./words/words.ts";

allowOnlyWorker("/sw.js");
void openSession();

await words.choose(preferredLanguage());
const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the app.");
createRoot(root).render(
  <Themed>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </Themed>,
);
followLive(router);
registerWorker("/sw.js");
subscribeToSession(() => {
  if (studentSession().kind === "in") void renewPushes();
});
