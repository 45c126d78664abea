import { type ApiDocument, resolve, type Schema } from "../../docs/document.ts";

const aUuid = "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f";
// The first one is tried wherever nothing is said of a text: a card's number fits most rules that a document does not tell.
const candidates = [
  "04A2B3C4D5E6F7",
  "+46739999999",
  "123456",
  "42",
  aUuid,
  "abcdefgh",
  "SEK",
  "12:00",
  "2026-11-21",
  "A".repeat(43),
  "A".repeat(86),
  "a@b.example",
];

/** A value that fits the schema, as far as a document can tell: ids of nothing, and texts that match the pattern where one of ours does. */
export function exampleOf(document: ApiDocument, schema: Schema, fields: "all" | "required" = "all"): unknown {
  const shape = resolve(document, schema);
  const parts = shape.allOf ?? shape.anyOf?.slice(0, 1) ?? shape.oneOf?.slice(0, 1);
  if (parts) {
    const [first, ...others] = parts.map((part) => exampleOf(document, part, fields));
    return others.length === 0 ? first : Object.assign({}, first, ...others);
  }
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return shape.enum[0];
  switch ([shape.type].flat()[0]) {
    case "object":
      return Object.fromEntries(
        Object.entries(shape.properties ?? {})
          .filter(([name]) => fields === "all" || shape.required?.includes(name))
          .map(([name, held]) => [name, exampleOf(document, held, fields)]),
      );
    case "array":
      return Array.from({ length: shape.minItems ?? 1 }, () => exampleOf(document, shape.items ?? {}, fields));
    case "integer":
    case "number":
      return Math.max(shape.minimum ?? 1, (shape.exclusiveMinimum ?? 0) + 1);
    case "boolean":
      return true;
    case "string":
      return textOf(shape);
    default:
      return null;
  }
}

function textOf(shape: Schema): string {
  if (shape.format === "uuid") return aUuid;
  if (shape.format === "date-time") return "2026-11-21T12:00:00Z";
  if (shape.format === "uri") return "https://example.org/";
  const fits = (text: string) =>
    new RegExp(shape.pattern ?? "").test(text) &&
    text.length >= (shape.minLength ?? 0) &&
    text.length <= (shape.maxLength ?? Number.POSITIVE_INFINITY);
  return candidates.find(fits) ?? "x".repeat(shape.minLength ?? 1);
}
