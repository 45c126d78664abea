import { z } from "@hono/zod-openapi";

/**
 * The one rule for a text that comes in: whole characters, composed (NFC), and nothing that cannot be seen. A person reads
 * it later on a till, a PDF or in a list: what hides, turns the line round or is two spellings of one name has no place there.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  // Half of a surrogate pair: PostgreSQL cannot store it.
  [/\p{Cs}/u, "must be well-formed Unicode: it holds half a character"],
  [/[^\P{Cc}\n\t]/u, "must not contain control characters"],
  [/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u, "must not contain characters that turn the direction of text"],
  // A joiner inside an emoji (a family, a flag) is seen, as part of it; so is what makes a sign a picture. U+2800 is an empty cell of Braille.
  [
    /[\u200b\u2800]|(?![\u200d\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}|(?<!\p{Extended_Pictographic}|\ufe0f|\p{Emoji_Modifier})\u200d|\u200d(?!\p{Extended_Pictographic})|(?<!\p{Extended_Pictographic})[\ufe0e\ufe0f](?!\u20e3)/u,
    "must not contain characters of no width, or that show nothing",
  ],
];

/** What is wrong with a text; undefined where nothing is. */
export const problemOfText = (text: string): string | undefined => rules.find(([pattern]) => pattern.test(text))?.[1];

export interface TextProblem {
  readonly path: readonly string[];
  readonly message: string;
}

const deepest = 20;

/** Composes every text in a body, in place, and says which ones break the rule. */
export function takeTexts(body: unknown, path: readonly string[] = []): TextProblem[] {
  if (typeof body !== "object" || body === null) return [];
  if (path.length > deepest) return [{ path, message: "is nested too deeply" }];
  const holder = body as Record<string, unknown>;
  return Object.entries(holder).flatMap(([name, value]) => {
    if (typeof value !== "string") return takeTexts(value, [...path, name]);
    const message = problemOfText(value);
    if (message) return [{ path: [...path, name], message }];
    holder[name] = value.normalize("NFC");
    return [];
  });
}

const inOneLine = /^[^\n\t]*$/;

/** Trimmed and composed, its length counted in characters, as the API document says. */
const textOf = (fewest: number, most: number) =>
  z
    .string()
    .trim()
    .overwrite((text) => text.normalize("NFC"))
    .superRefine((text, context) => {
      const problem = problemOfText(text) ?? problemOfLength([...text].length, fewest, most);
      if (problem) context.addIssue({ code: "custom", message: problem });
    })
    .openapi({ minLength: fewest, maxLength: most });

function problemOfLength(length: number, fewest: number, most: number): string | undefined {
  if (length < fewest) return `must have at least ${fewest} character${fewest === 1 ? "" : "s"}`;
  return length > most ? `must have at most ${most} characters` : undefined;
}

/** A name, a reason, an address: one line. */
export const lineOfText = (most: number, fewest = 1) => textOf(fewest, most).regex(inOneLine, "must not contain control characters");

/** No-break, wide or many: each blank as the plain one that it looks like. */
export const withPlainBlanks = (text: string): string => text.replaceAll(/\p{Zs}+/gu, " ");

/** A description, whose lines may be broken. */
export const linesOfText = (most: number) => textOf(1, most);
