import { z } from "@hono/zod-openapi";
import { nameField } from "../identity/field-schemas.ts";
import { actorOf, staff } from "../identity/guards.ts";
import { listProposals, proposalStatuses, rejectProposal } from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { payToField } from "../settlements/schemas.ts";
import { approveCafeAccount, type CafeAccount, cafeAccounts, requestCafeAccount } from "./cafe-account.ts";

const CafeAccountSchema = z
  .object({
    id: z.uuid(),
    cafe_id: z.uuid(),
    holder: z.string(),
    iban: z.string(),
    status: z.enum(proposalStatuses),
    requested_by: z.uuid(),
    decided_by: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    decided_at: z.iso.datetime().nullable(),
  })
  .openapi("CafeBankAccount");

const who = staff("finance");

const request = route({
  method: "post",
  path: "/admin/cafe-bank-accounts",
  operationId: "requestCafeBankAccount",
  tags: ["finance"],
  summary: "Say which account a café's money goes to; a second person of finance approves, and from then on it holds",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ cafe_id: z.uuid(), holder: nameField(70), iban: payToField })) },
  responses: { 201: json(CafeAccountSchema, "Waits for the second person") },
});

const decision = {
  method: "post",
  tags: ["finance"] as string[],
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: z.object({ cafeBankAccountId: z.uuid() }) },
} as const;

const list = route({
  method: "get",
  path: "/admin/cafe-bank-accounts",
  operationId: "listCafeBankAccounts",
  tags: ["finance"],
  summary: "The cafés' bank accounts, newest first; of each café the last one that was approved holds",
  who: staff("finance", "admin"),
  request: { query: listQuery.extend({ status: z.enum(proposalStatuses).optional() }) },
  responses: { 200: json(listOf(CafeAccountSchema), "A page of them") },
});

const approve = route({
  ...decision,
  path: "/admin/cafe-bank-accounts/{cafeBankAccountId}/approve",
  operationId: "approveCafeBankAccount",
  summary: "The second person agrees: the next payment file pays to it",
  responses: { 200: json(CafeAccountSchema, "Approved") },
});

const reject = route({
  ...decision,
  path: "/admin/cafe-bank-accounts/{cafeBankAccountId}/reject",
  operationId: "rejectCafeBankAccount",
  summary: "No, or taken back by whoever asked",
  responses: { 200: json(CafeAccountSchema, "Rejected") },
});

export const cafeAccountRoutes = ({ db, config }: Platform) =>
  router()
    .openapi(request, (c) => {
      const { cafe_id: cafeId, holder, iban } = c.req.valid("json");
      const actor = actorOf(c);
      return once(c, "a day", async (tx) => ({
        status: 201 as const,
        body: present(await requestCafeAccount(tx, config, { cafeId, holder, iban }, actor)),
      }));
    })
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listProposals(db, cafeAccounts, { status, limit, after: cursor });
      return c.json({ items: items.map(present), next_cursor: next }, 200);
    })
    .openapi(approve, (c) => {
      const [{ cafeBankAccountId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await approveCafeAccount(tx, config, cafeBankAccountId, actor)),
      }));
    })
    .openapi(reject, (c) => {
      const [{ cafeBankAccountId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await rejectProposal(tx, cafeAccounts, cafeBankAccountId, actor)),
      }));
    });

const present = (each: CafeAccount): z.infer<typeof CafeAccountSchema> => ({
  id: each.id,
  cafe_id: each.cafeId,
  holder: each.holder,
  iban: each.iban,
  status: each.status,
  requested_by: each.requestedBy,
  decided_by: each.decidedBy,
  created_at: each.createdAt.toISOString(),
  decided_at: each.decidedAt?.toISOString() ?? null,
});
