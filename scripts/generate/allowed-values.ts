import { z } from "@hono/zod-openapi";

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** What a variable may be, in words, from the schema that checks it. */
export function allowedValues(schema: z.ZodType): string {
  const shape = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const whole = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as JsonSchema;
  if (whole.type === "boolean") return "true or false";
  if (shape.enum) return shape.enum.map((value) => `\`${value}\``).join(", ");
  if (whole.minimum !== undefined && whole.maximum !== undefined)
    return `${whole.minimum.toLocaleString("en")} to ${whole.maximum.toLocaleString("en")}`;
  if (shape.format === "uri") return "an address";
  if (shape.format === "email") return "an e-mail address";
  if (shape.pattern !== undefined) return `\`${shape.pattern.replaceAll("\\/", "/").replaceAll("|", "\\|")}\``;
  return "text";
}
