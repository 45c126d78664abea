import { z } from "zod";
import type { SandboxOptions } from "./server.ts";

const schema = z.object({
  CAMPUS_ENV: z
    .string()
    .refine((name) => name !== "production", "the sandbox does not run in production: it invents payments and shows OTPs"),
  HOST: z
    .enum(
      ["127.0.0.1", "::1", "localhost"],
      "only a loopback address (127.0.0.1, ::1, localhost): whoever reaches the sandbox can read OTPs",
    )
    .default("127.0.0.1"),
  PORT: z.coerce.number("a port number, 0 for a free one").int().min(0).max(65_535).default(8083),
  GATEWAY_KEY_ID: z.string().min(1).default("rzp_test_sandbox"),
  GATEWAY_KEY_SECRET: z.string().min(1).default("sandbox-gateway-key-secret"),
  GATEWAY_WEBHOOK_SECRET: z.string().min(1).default("sandbox-gateway-webhook-secret"),
  // Where the gateway keeps its payments over a restart.
  GATEWAY_BOOKS_FILE: z.string().min(1).optional(),
  // Where the app answers: the gateway's news goes there. Without it none is sent.
  PUBLIC_URL: z.url().optional(),
});

/** Reads the sandbox's environment; throws one error that lists every problem. */
export const readSandboxSettings = (environment: Record<string, string | undefined>): SandboxOptions => {
  const parsed = schema.safeParse({ ...environment, CAMPUS_ENV: environment.CAMPUS_ENV ?? "sandbox" });
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  }
  const { HOST, PORT, GATEWAY_KEY_ID, GATEWAY_KEY_SECRET, GATEWAY_WEBHOOK_SECRET, GATEWAY_BOOKS_FILE, PUBLIC_URL } = parsed.data;
  const url = PUBLIC_URL && new URL("/api/v1/payments/webhook", PUBLIC_URL).href;
  return {
    host: HOST,
    port: PORT,
    gatewayKey: { id: GATEWAY_KEY_ID, secret: GATEWAY_KEY_SECRET },
    gatewayWebhook: { url, secret: GATEWAY_WEBHOOK_SECRET },
    gatewayBooksFile: GATEWAY_BOOKS_FILE,
  };
};
