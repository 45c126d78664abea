import { z } from "@hono/zod-openapi";
import { deedOfThawedCard } from "../cards/unfreeze-card.ts";
import { student, studentOf } from "../identity/guards.ts";
import { deedOfConfirmKey } from "../identity/register-confirm-key.ts";
import { askStepUp, type Deed } from "../identity/step-up.ts";
import { deedOfLimits } from "../ledger/change-limits.ts";
import { minorUnits } from "../ledger/field-schemas.ts";
import { deedOfThawedWallet } from "../ledger/freeze-wallet.ts";
import { deedOfAutoTopUp } from "../payments/auto-top-up.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { json, required, route, router } from "../platform/http/router.ts";
import type { Transaction } from "../platform/postgres.ts";
import { deedOfCloseOut } from "../settlements/close-out.ts";
import { payToField } from "../settlements/schemas.ts";

const Wanted = z
  .discriminatedUnion("purpose", [
    z.strictObject({ purpose: z.literal("close_out"), pay_to: payToField }),
    z.strictObject({ purpose: z.literal("limits"), daily_limit_minor: minorUnits.nullable() }),
    z.strictObject({ purpose: z.literal("thaw_wallet") }),
    z.strictObject({ purpose: z.literal("auto_top_up"), below_minor: minorUnits.min(1), to_minor: minorUnits.min(2) }),
    z.strictObject({ purpose: z.literal("thaw_card"), card_id: z.uuid() }),
    z.strictObject({ purpose: z.literal("confirm_key"), public_key: z.string().regex(/^[\w-]{1,200}$/, "must be base64url") }),
  ])
  .openapi("StepUp");

const ask = route({
  method: "post",
  path: "/users/me/step-up",
  operationId: "askStepUp",
  tags: ["me"],
  summary:
    "Send a code to the student's phone that is good for one thing: this account, this limit, these lines of the automatic top-up, this card, this key",
  description:
    "The request that does it carries the code as `otp` and, once the student has a confirm key (`needs_signature`; not for `confirm_key`), the ES256 signature " +
    "(raw r‖s, base64url) over `challenge` as `signature`. A code of another purpose, account or amount is refused, and so is a log-in's.",
  who: student(),
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(Wanted) },
  responses: {
    200: json(
      z.object({ request_id: z.uuid(), expires_in: z.int(), challenge: z.string(), needs_signature: z.boolean() }).openapi("AskedStepUp"),
      "It is on its way",
    ),
  },
});

export const stepUpRoutes = (platform: Platform) =>
  router().openapi(ask, async (c) => {
    const studentId = studentOf(c).id;
    const wanted = c.req.valid("json");
    const { id, challenge, needsSignature } = await askStepUp(platform, studentId, (tx) => deedOf(tx, platform.config, studentId, wanted));
    return c.json({ request_id: id, expires_in: platform.config.OTP_SECONDS, challenge, needs_signature: needsSignature }, 200);
  });

/** As the verb that does it will see it, so that the two are the same text. */
async function deedOf(tx: Transaction, config: Config, studentId: string, wanted: z.infer<typeof Wanted>): Promise<Deed> {
  switch (wanted.purpose) {
    case "close_out":
      return deedOfCloseOut(tx, config, studentId, wanted.pay_to);
    case "limits":
      return deedOfLimits(wanted.daily_limit_minor);
    case "auto_top_up":
      return deedOfAutoTopUp(config, wanted.below_minor, wanted.to_minor);
    case "thaw_wallet":
      return deedOfThawedWallet;
    case "thaw_card":
      return deedOfThawedCard(wanted.card_id);
    case "confirm_key":
      return deedOfConfirmKey(wanted.public_key);
  }
}
