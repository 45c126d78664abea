import "@mantine/core/styles/baseline.css";
import "virtual:theme.css";
import "../shared/ui/tokens.css";
import "../shared/ui/base.css";
import "../shared/ui/parts.css";
import "./pos.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { Themed } from "../shared/ui/provider.tsx";
import { allowOnlyWorker } from "../shared/ui/trusted-types.ts";
import { preferredLanguage } from "../shared/words/language.ts";
import { TillPage } from "./till-page.tsx";
import { words } from "./words/words.ts";

allowOnlyWorker("/pos/sw.js");
await words.choose(preferredLanguage());
const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the app.");
const queryClient = new QueryClient({
  defaultOptions: { queries: { networkMode: "always", staleTime: 15_000, retry: 1 }, mutations: { networkMode: "always", retry: false } },
});
createRoot(root).render(
  <Themed>
    <QueryClientProvider client={queryClient}>
      <TillPage />
    </QueryClientProvider>
  </Themed>,
);
void navigator.serviceWorker?.register("/pos/sw.js", { scope: "/pos/" }).catch(() => undefined);
