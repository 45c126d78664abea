import { useSyncExternalStore } from "react";

export const languages = ["sv", "it", "en"] as const;
export type Language = (typeof languages)[number];
export const languageNames: Readonly<Record<Language, string>> = { sv: "Svenska", it: "Italiano", en: "English" };

const storageKey = "campus.language";
let language: Language = "en";
const listeners = new Set<() => void>();
const catalogues = new Set<(wanted: Language) => Promise<void>>();

export const currentLanguage = (): Language => language;

const asLanguage = (text: string | null | undefined): Language | undefined => languages.find((known) => known === text?.slice(0, 2));

/** What was chosen here, else what the browser speaks, else English. */
export function preferredLanguage(): Language {
  const asked = asLanguage(new URLSearchParams(location.search).get("lang"));
  const spoken = navigator.languages.map(asLanguage).find((known) => known !== undefined);
  return asked ?? asLanguage(read()) ?? spoken ?? "en";
}

function read(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/**
 * The texts of one app. English comes with the code; another language is a file that is loaded when it is chosen. A
 * catalogue is one typed object, so a missing text does not compile.
 */
export function createWords<W>(english: W, others: Readonly<Record<Exclude<Language, "en">, () => Promise<W>>>) {
  let words = english;
  const load = async (wanted: Language): Promise<void> => {
    words = wanted === "en" ? english : await others[wanted]();
  };
  catalogues.add(load);
  return {
    current: (): W => words,
    /** For a catalogue that comes with a later file than the choice. */
    catchUp: (): Promise<void> => load(language),
    use: (): W =>
      useSyncExternalStore(
        (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        () => words,
      ),
    async choose(wanted: Language): Promise<void> {
      await Promise.all([...catalogues].map((loadOne) => loadOne(wanted)));
      language = wanted;
      document.documentElement.lang = wanted;
      try {
        localStorage.setItem(storageKey, wanted);
      } catch {
        // Private windows may refuse: the choice lasts as long as the page.
      }
      for (const listener of listeners) listener();
    },
  };
}

/** A catalogue in another language: the same texts, the same placeholders. */
export type Catalogue<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Catalogue<T[K]>;
};
