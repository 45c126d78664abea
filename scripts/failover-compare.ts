import pg from "pg";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { createReceiptSigner, type ReceiptSigner } from "../app/receipts/receipt-signer.ts";
import { couldNotAsk, logIn, type StaffApi } from "./failover/staff-api.ts";

const perCall = 40;
const maxHours = 744;

interface Found {
  readonly id: string;
  readonly payload: string;
  readonly keyId: string;
}

interface Tally {
  known: number;
  listed: number;
  refused: number;
}

export const command = {
  name: "npm run failover:compare",
  for: "on call",
  what: "Presents the receipts that the old primary's database still holds to the new one; what the new books lack becomes a case.",
  touches: "only reads the old primary; writes cases through the API. Nothing is merged.",
  options: {
    url: { type: "string", value: "URL", default: "http://127.0.0.1:8080", help: "the API of the new primary" },
    hours: { type: "string", value: "N", default: "24", help: `how far back, up to ${maxHours}` },
  },
  environment: {
    OLD_DATABASE_URL: "the old primary",
    OLD_DATABASE_PASSWORD: "and its password",
    RECEIPT_KEYS: "the secret with which receipts are signed",
    CAMPUS_USERNAME: "a finance login",
    CAMPUS_PASSWORD: "and its password",
    CAMPUS_TOTP: "and a code of its authenticator app; in a terminal leave it out: it is asked for when it is needed",
  },
  exits: { 2: "it could not ask, or what was typed is not understood" },
} as const satisfies Command;

async function main(url: string, hours: number): Promise<void> {
  const signer = openSigner();
  console.log(await compareWithOld(await logIn(url), hours, signer));
}

/** What the old primary still holds is presented to the new one; how much of it that was. */
export async function compareWithOld(api: StaffApi, hours: number, signer = openSigner()): Promise<string> {
  const { known, listed, refused } = await compare(await openOld(), signer, api, hours);
  return `${known + listed + refused} receipts on the old primary: ${known} known, ${listed} listed, ${refused} refused`;
}

/** Receipts are kept without their signature, which is the same whenever it is made. */
function openSigner(): ReceiptSigner {
  const { RECEIPT_KEYS: keys } = process.env;
  if (!keys) throw new PlainError("Which keys signed? Give the secret receipt-keys in RECEIPT_KEYS.", couldNotAsk);
  const secret = async () => keys;
  return createReceiptSigner({ secrets: { get: secret, fresh: secret } });
}

async function openOld(): Promise<pg.Client> {
  const { OLD_DATABASE_URL: url, OLD_DATABASE_PASSWORD: password } = process.env;
  if (!url) throw new PlainError("Where is the old primary? Give its address in OLD_DATABASE_URL and OLD_DATABASE_PASSWORD.", couldNotAsk);
  // Read only, whatever the role may do: this server is evidence.
  const old = new pg.Client({ connectionString: withPassword(url, password), options: "-c default_transaction_read_only=on" });
  await old.connect().catch((error: unknown) => {
    throw new PlainError(`The old primary cannot be read: ${(error as Error).message}`, couldNotAsk);
  });
  return old;
}

function withPassword(url: string, password: string | undefined): string {
  const address = new URL(url);
  if (password !== undefined) address.password = password;
  return address.href;
}

async function compare(old: pg.Client, signer: ReceiptSigner, api: StaffApi, hours: number): Promise<Tally> {
  const tally: Tally = { known: 0, listed: 0, refused: 0 };
  try {
    // An id begins with its time, so the range is found along the primary key.
    const first = await old.query<{ id: string }>("select uuid_from(now() - make_interval(hours => $1)) as id", [hours]);
    for (let after = first.rows[0]?.id; ; ) {
      const { rows } = await old.query<Found>('select id, payload, key_id as "keyId" from receipts where id > $1 order by id limit $2', [
        after,
        perCall,
      ]);
      const signed = await Promise.all(rows.map(({ payload, keyId }) => signer.sign(payload, keyId)));
      if (signed.length > 0) {
        const { items } = await api.post<{ items: { status: "known" | "listed" | "refused" }[] }>("/admin/failover/present", {
          receipts: signed,
        });
        for (const { status } of items) tally[status] += 1;
      }
      if (rows.length < perCall) return tally;
      after = rows.at(-1)?.id ?? after;
    }
  } finally {
    await old.end();
  }
}

await runCommand(import.meta, command, ({ values }) => main(values.url, wholeNumber(command, "hours", values.hours, { to: maxHours })));
