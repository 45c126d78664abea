import { z } from "@hono/zod-openapi";
import { everyone, json, route, router } from "../platform/http/router.ts";
import type { Identity } from "./identity.ts";
import type { PublicJwk } from "./keyring.ts";

const KeySet = z
  .object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.literal("sig") })) })
  .openapi("JsonWebKeySet");

const keySet = route({
  method: "get",
  path: "/.well-known/jwks.json",
  operationId: "getKeys",
  tags: ["system"],
  summary: "The public keys that check access tokens and receipts",
  who: everyone,
  responses: { 200: json(KeySet, "A JSON Web Key Set (RFC 7517)") },
});

/** `receiptKeys` are published beside the keys of access tokens. */
export const keyRoutes = (identity: Identity, receiptKeys: () => Promise<readonly PublicJwk[]>) =>
  router().openapi(keySet, async (c) =>
    c.json({ keys: [...identity.jwks(await receiptKeys()).keys] }, 200, { "Cache-Control": "public, max-age=300" }),
  );
