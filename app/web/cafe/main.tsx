import "@mantine/core/styles/baseline.css";
import "virtual:theme.css";
import "../shared/ui/tokens.css";
import "../shared/ui/base.css";
import "../shared/ui/parts.css";
import "./cafe.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { openStaffSession } from "../shared/session/staff.ts";
import { registerWorker } from "../shared/sw/updates.ts";
import { Themed } from "../shared/ui/provider.tsx";
import { allowOnlyWorker } from "../shared/ui/trusted-types.ts";
import { preferredLanguage } from "../shared/words/language.ts";
import { queryClient } from "./queries.ts";
import { router } from "./router.tsx";
import { words } from "./words/words.ts";

allowOnlyWorker("/cafe/sw.js");
// Where the server cannot be asked who is logged in, the shell says so and asks again when the network is back.
const ask = () => void openStaffSession().catch(() => undefined);
ask();
addEventListener("online", ask);

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
registerWorker("/cafe/sw.js");
