import { type Catalogue, createWords } from "../../shared/words/language.ts";
import { en } from "./en.ts";

export type Words = Catalogue<typeof en>;

export const words = createWords<Words>(en, {
  sv: async () => (await import("./sv.ts")).sv,
  it: async () => (await import("./it.ts")).it,
});

export const useWords = words.use;
