import { type Catalogue, createWords } from "../../shared/words/language.ts";
import { en } from "./university-en.ts";

export type UniversityWords = Catalogue<typeof en>;

/** The words of the university's own pages: a barista's browser never loads them. */
const universityWords = createWords<UniversityWords>(en, {
  sv: async () => (await import("./university-sv.ts")).sv,
  it: async () => (await import("./university-it.ts")).it,
});
await universityWords.catchUp();

export const useUniversityWords = universityWords.use;
