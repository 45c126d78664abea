import "../shared/ui/tokens.css";
import "../shared/ui/base.css";
import "../shared/ui/parts.css";
import "./demo.css";
import { createRoot } from "react-dom/client";
import { preferredLanguage } from "../shared/words/language.ts";
import { DemoPage } from "./demo-page.tsx";
import { words } from "./words.ts";

if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.mantineColorScheme = "dark";
await words.choose(preferredLanguage());
const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the demo.");
createRoot(root).render(<DemoPage />);
