import { makeReceiptKey, makeTokenKey, randomWord } from "../../app/local/secrets.ts";
import { type AppSecret, appSecrets, secretSlug } from "../../stacks/app-secrets.ts";

/** How the next value of a secret comes about, and what its owner has to know then. */
type Making =
  | { readonly kind: "ring"; readonly makeKey: () => { readonly kid: string }; readonly use: string; readonly after: string }
  | { readonly kind: "word"; readonly after: string }
  /** Its first value is made here; a later one needs more than this secret. */
  | { readonly kind: "first word"; readonly whyNoOther: string }
  | { readonly kind: "given"; readonly by: string };

const withinFiveMinutes = "processes use it within five minutes";
const withItsRole = "the role's password in the database has to change first, in the same minutes: docs/platform/secrets.md";

export const makings: Readonly<Record<AppSecret, Making>> = {
  JWT_KEYS: {
    kind: "ring",
    makeKey: makeTokenKey,
    use: "processes know it within five minutes and sign with it within ten",
    after: "after a day: the same with --retire",
  },
  RECEIPT_KEYS: {
    kind: "ring",
    makeKey: makeReceiptKey,
    use: withinFiveMinutes,
    after: "the old keys stay for ever: receipts are checked with them",
  },
  LOG_PEPPER: { kind: "word", after: "lines about one phone before and after can no longer be joined" },
  SEAL_KEY: { kind: "word", after: "a one-time password on its way cannot be opened: the student asks for another" },
  CARD_PEPPER: { kind: "first word", whyNoOther: "every issued card would be unknown" },
  DATABASE_PASSWORD: { kind: "first word", whyNoOther: withItsRole },
  MIGRATION_DATABASE_PASSWORD: { kind: "first word", whyNoOther: withItsRole },
  REDIS_PASSWORD: { kind: "first word", whyNoOther: "Redis' user has to take both passwords for a while: docs/platform/secrets.md" },
  FCM_SERVICE_ACCOUNT: { kind: "given", by: "Firebase" },
  GATEWAY_KEY_SECRET: { kind: "given", by: "the payment gateway" },
  GATEWAY_WEBHOOK_SECRET: { kind: "given", by: "the payment gateway" },
  SMS_PROVIDER_TOKEN: { kind: "given", by: "the SMS provider" },
};

export const slugs: ReadonlyMap<string, AppSecret> = new Map(
  (Object.keys(appSecrets) as AppSecret[]).map((name) => [secretSlug(name), name]),
);

/** A value to put, or why there is none. */
export type Next = { readonly value: string; readonly after: string } | { readonly refused: string };

type Ring = { readonly keys: readonly { readonly kid: string }[] };

export function nextValue(name: AppSecret, current: string | undefined): Next {
  const making = makings[name];
  switch (making.kind) {
    case "ring": {
      const older = current === undefined ? [] : (JSON.parse(current) as Ring).keys;
      return { value: JSON.stringify({ keys: [making.makeKey(), ...older] }), after: `${making.use}; ${making.after}` };
    }
    case "word":
      return { value: randomWord(), after: `${withinFiveMinutes}; ${making.after}` };
    case "first word":
      return current === undefined
        ? { value: randomWord(), after: withinFiveMinutes }
        : { refused: `it has a value, and ${making.whyNoOther}` };
    case "given":
      return { refused: `${making.by} makes it: take a second one there and put it with aws secretsmanager put-secret-value` };
  }
}

const dayMs = 86_400_000;

/** Without the keys that nothing valid is signed with any more. */
export function withoutOldKeys(name: AppSecret, current: string | undefined, ageMs: number): Next {
  if (name !== "JWT_KEYS") return { refused: "only of jwt-keys an old key is ever taken away" };
  const keys = current === undefined ? [] : (JSON.parse(current) as Ring).keys;
  if (keys.length < 2) return { refused: "there is no old key" };
  if (ageMs < dayMs)
    return { refused: `the new key is ${Math.floor(ageMs / 3_600_000)} h old: tokens of the old one are let run out for a day` };
  return {
    value: JSON.stringify({ keys: keys.slice(0, 1) }),
    after: `${keys.length - 1} old away: a token of theirs is refused from now on`,
  };
}
