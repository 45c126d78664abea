import { type Catalogue, createWords } from "../../shared/words/language.ts";
import { en } from "./owner-en.ts";

export type OwnerWords = Catalogue<typeof en>;

/** The words of pages that an owner opens now and then: the board's browser never loads them. */
const ownerWords = createWords<OwnerWords>(en, {
  sv: async () => (await import("./owner-sv.ts")).sv,
  it: async () => (await import("./owner-it.ts")).it,
});
await ownerWords.catchUp();

export const useOwnerWords = ownerWords.use;
