import type { Context } from "hono";
import type { z } from "zod";

/** Answers in the project's error envelope; the stand-ins of real providers answer in their provider's own shape instead. */
export class Refusal extends Error {
  readonly status: 400 | 404;
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(status: 400 | 404, code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export const envelope = (code: string, message: string, details: Record<string, unknown> = {}) => ({ error: { code, message, details } });

export const parseOrRefuse = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => [issue.path.join(".") || "request", issue.message]);
  throw new Refusal(400, "VALIDATION_ERROR", "The request does not fit.", Object.fromEntries(problems));
};

export const readJson = async (c: Context): Promise<unknown> => {
  try {
    return await c.req.json();
  } catch {
    throw new Refusal(400, "VALIDATION_ERROR", "The body is not JSON.");
  }
};
