import { z } from "@hono/zod-openapi";
import { validationError } from "../platform/http/router.ts";
import { lineOfText } from "../platform/http/text.ts";
import type { Note } from "./note.ts";

const mostKeys = 20;
const keyPattern = /^[A-Za-z0-9_.-]{1,40}$/;
const valueField = lineOfText(200);
const says = `At most ${mostKeys} keys of 40 letters, digits, _ . or - and values of 200 characters`;

export const referenceField = lineOfText(64).openapi({
  description: "The caller's own name for it, in another system",
  example: "INV-2027-0042",
});

const metadataField = z
  .record(z.string().regex(keyPattern, "must be 1 to 40 letters, digits, _ . or -"), valueField)
  .refine((metadata) => Object.keys(metadata).length <= mostKeys, `must have at most ${mostKeys} keys`)
  .openapi({
    type: "object",
    additionalProperties: { type: "string", minLength: 1, maxLength: 200, pattern: "^[^\\n\\t]*$" },
    maxProperties: mostKeys,
    description: says,
  });

/** In a body that moves money. */
export const noteFields = { reference: referenceField.optional(), metadata: metadataField.optional() };

/** In an answer. */
export const notedFields = {
  reference: z.string().nullable(),
  metadata: z.record(z.string(), z.string()).openapi({ description: "What the caller wrote beside it; {} where nothing" }),
};

const keyOf = (name: string): string | undefined => /^metadata\[(.*)\]$/.exec(name)?.[1];

/** A query that takes `metadata[key]=value` too; `metadataAsked` reads them. It arrives flat: each is a name of its own. */
export const withMetadata = <S extends z.ZodRawShape>(query: z.ZodObject<S>) =>
  query
    .extend({
      metadata: metadataField.optional().openapi({
        param: { name: "metadata", in: "query", style: "deepObject", explode: true },
        description: `metadata[key]=value. ${says}`,
      }),
    })
    .catchall(z.unknown())
    .superRefine((given, refused) => {
      for (const name of Object.keys(given))
        if (!(name in query.shape) && keyOf(name) === undefined)
          refused.addIssue({ code: "custom", message: "is not known", path: [name] });
    });

export function metadataAsked(query: Readonly<Record<string, unknown>>): NonNullable<Note["metadata"]> {
  const given = Object.entries(query).flatMap(([name, value]) => {
    const key = keyOf(name);
    return key === undefined ? [] : [[key, value] as const];
  });
  const read = metadataField.safeParse(Object.fromEntries(given));
  if (!read.success)
    throw validationError(
      "query",
      read.error.issues.map(({ path, message }) => ({ path: ["metadata", ...path], message })),
    );
  return read.data;
}
