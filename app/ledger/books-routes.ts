import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { momentField } from "../platform/http/days.ts";
import { json, listOf, route, router } from "../platform/http/router.ts";
import type { Queryable } from "../platform/postgres.ts";
import { type AccountBalance, listBalances, listBalancesAt, listStudentBalancesAt } from "./balances.ts";
import { checkLedger, type LedgerCheck } from "./check-ledger.ts";

const who = staff("finance", "admin");
const endOfTime = new Date("9999-01-01T00:00:00Z");

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
  summary: "What each café is owed and where the university's own accounts stand, or what one student has and owes; now or as of a moment",
  who,
  request: {
    query: z.strictObject({
      at: momentField.optional().openapi({ description: "All that was booked before this moment; now, unless told" }),
      student_id: z.uuid().optional().openapi({ description: "That student's own accounts instead" }),
    }),
  },
  responses: { 200: json(listOf(BalanceSchema), "All accounts but the students', or that student's; none where there is no such student") },
});

export const booksRoutes = (platform: Platform) =>
  router()
    .openapi(check, async (c) => c.json(presentCheck(await checkLedger(platform.db)), 200))
    .openapi(balances, async (c) => {
      const { at, student_id } = c.req.valid("query");
      const found = await balancesAsked(platform.db, at === undefined ? undefined : new Date(at), student_id);
      return c.json({ items: found.map(presentBalance), next_cursor: null }, 200);
    });

function balancesAsked(db: Queryable, at: Date | undefined, studentId: string | undefined): Promise<AccountBalance[]> {
  if (studentId !== undefined) return listStudentBalancesAt(db, studentId, at ?? endOfTime);
  return at === undefined ? listBalances(db) : listBalancesAt(db, at);
}

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
