import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { json, listOf, route, router } from "../platform/http/router.ts";
import { type AccountBalance, listBalances, listBalancesAt } from "./balances.ts";
import { checkLedger, type LedgerCheck } from "./check-ledger.ts";

const who = staff("finance", "admin");

const CheckSchema = z
  .object({
    ok: z.boolean(),
    checked_at: z.iso.datetime(),
    snapshot: z.string(),
    invariants: z.array(
      z.object({
        id: z.string(),
        ok: z.boolean(),
        violations: z.number().int(),
        sample: z.array(z.record(z.string(), z.unknown())),
      }),
    ),
    not_covered: z.array(z.string()),
  })
  .openapi("LedgerCheck");

const BalanceSchema = z
  .object({
    account_id: z.uuid(),
    kind: z.string(),
    cafe_id: z.uuid().nullable(),
    cafe_name: z.string().nullable(),
    currency: z.string(),
    balance_minor: z.number().int(),
  })
  .openapi("AccountBalance");

const check = route({
  method: "get",
  path: "/admin/ledger/check",
  operationId: "checkLedger",
  tags: ["finance"],
  summary: "Ask every invariant of the books in one snapshot; 200 also when one is broken",
  who,
  responses: { 200: json(CheckSchema, "What was found") },
});

const balances = route({
  method: "get",
  path: "/admin/balances",
  operationId: "listBalances",
  tags: ["finance"],
  summary: "What each café is owed and where the university's own accounts stand, now or as of a moment",
  who,
  request: {
    query: z.strictObject({
      at: z.iso.datetime({ offset: true }).optional().openapi({ description: "All that was booked before this moment; now, unless told" }),
    }),
  },
  responses: { 200: json(listOf(BalanceSchema), "All accounts but the students'") },
});

export const booksRoutes = (platform: Platform) =>
  router()
    .openapi(check, async (c) => c.json(presentCheck(await checkLedger(platform.db)), 200))
    .openapi(balances, async (c) => {
      const { at } = c.req.valid("query");
      const found = await (at === undefined ? listBalances(platform.db) : listBalancesAt(platform.db, new Date(at)));
      return c.json({ items: found.map(presentBalance), next_cursor: null }, 200);
    });

const presentCheck = (found: LedgerCheck): z.infer<typeof CheckSchema> => ({
  ok: found.ok,
  checked_at: found.checkedAt.toISOString(),
  snapshot: found.snapshot,
  invariants: found.invariants.map(({ id, ok, violations, sample }) => ({ id, ok, violations, sample: [...sample] })),
  not_covered: [...found.notCovered],
});

const presentBalance = (account: AccountBalance): z.infer<typeof BalanceSchema> => ({
  account_id: account.accountId,
  kind: account.kind,
  cafe_id: account.cafeId,
  cafe_name: account.cafeName,
  currency: account.currency,
  balance_minor: account.balanceMinor,
});
