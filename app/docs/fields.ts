import { type ApiDocument, resolve, type Schema } from "./document.ts";

/** One line of a table of fields; `name` is the path inside the body, like `items[].price_minor`. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
}

const maxDepth = 6;

export function fieldsOf(document: ApiDocument, schema: Schema, prefix = "", depth = 0): Field[] {
  const shape = resolve(document, schema);
  if (depth > maxDepth) return [];
  const parts = shape.allOf ?? shape.oneOf ?? (shape.properties ? undefined : shape.anyOf);
  if (parts) return parts.flatMap((part) => fieldsOf(document, part, prefix, depth + 1));
  if (shape.items) return fieldsOf(document, shape.items, `${prefix}[]`, depth + 1);
  return Object.entries(shape.properties ?? {}).flatMap(([key, held]) => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const required = shape.required?.includes(key) ?? false;
    const inner = resolve(document, held);
    return [
      { name, type: typeOf(document, held), required, about: held.description ?? inner.description ?? "" },
      ...fieldsOf(document, held, name, depth + 1),
    ];
  });
}

export function typeOf(document: ApiDocument, schema: Schema): string {
  const shape = resolve(document, schema);
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(document, choice)))].join(" or ");
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum) return shape.enum.map((value) => JSON.stringify(value)).join(" · ");
  const names = [shape.type ?? "any value"].flat().map((name) => (name === "array" ? listType(document, shape) : name));
  return [names.join(" or "), ...limitsOf(shape)].join(", ");
}

function listType(document: ApiDocument, shape: Schema): string {
  return shape.items ? `list of ${typeOf(document, shape.items)}` : "list";
}

function limitsOf(shape: Schema): string[] {
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    if (least === undefined && most === undefined) return [];
    if (least === most) return [`${least}${unit}`];
    if (most === undefined) return [`${least}${unit} or more`];
    return [least === undefined ? `${most}${unit} at most` : `${least} to ${most}${unit}`];
  };
  const known = (limit: number | undefined) => (limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined);
  return [
    ...(shape.format === undefined ? [] : [shape.format]),
    ...range(known(shape.minimum), known(shape.maximum), ""),
    ...(shape.exclusiveMinimum === undefined ? [] : [`above ${shape.exclusiveMinimum}`]),
    ...range(shape.minLength, shape.maxLength, " characters"),
    ...range(shape.minItems, shape.maxItems, " entries"),
    ...(shape.pattern === undefined || shape.format !== undefined ? [] : [`/${shape.pattern}/`]),
    ...(shape.default === undefined ? [] : [`default ${JSON.stringify(shape.default)}`]),
  ];
}
