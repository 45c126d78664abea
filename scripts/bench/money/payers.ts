import type pg from "pg";
import { signAccessToken } from "../../../app/identity/access-token.ts";
import { parseKeyring } from "../../../app/identity/keyring.ts";
import { cardUidOf, deviceKeyOf } from "./campus.ts";
import type { Payer } from "./pay-load.ts";

interface Row {
  readonly n: number;
  readonly student_id: string;
  readonly session_id: string;
  readonly device_n: number;
  readonly device_id: string;
}

/** The first students, logged in, each with the till where the order waits. */
export async function logInPayers(
  superuser: pg.Client,
  env: Readonly<Record<string, string>>,
  { count, cafes }: { readonly count: number; readonly cafes: number },
): Promise<Payer[]> {
  await superuser.query(
    "insert into sessions (id, student_id) select session_id, student_id from bench_students where n <= $1::int on conflict do nothing",
    [count],
  );
  const { rows } = await superuser.query<Row>(
    `select s.n, s.student_id, s.session_id, c.n as device_n, c.device_id from bench_students s join bench_cafes c on c.n = 1 + s.n % $2::int
     where s.n <= $1::int order by s.n`,
    [count, cafes],
  );
  const keyring = parseKeyring(env.JWT_KEYS ?? "");
  const signing = { issuer: env.PUBLIC_URL ?? "", lifeSeconds: 86_400, nowMs: Date.now() };
  return rows.map(({ n, student_id, session_id, device_n, device_id }) => ({
    token: `Bearer ${signAccessToken(keyring, { kind: "student", id: student_id, sessionId: session_id }, signing)}`,
    cardUid: cardUidOf(n),
    till: `Device ${device_id}.${deviceKeyOf(device_n)}`,
  }));
}
