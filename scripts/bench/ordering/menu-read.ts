import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { type Holder, signAccessToken } from "../../../app/identity/access-token.ts";
import { parseKeyring } from "../../../app/identity/keyring.ts";
import { asSuperuser } from "../../../app/local/roles.ts";
import { runLoad } from "../load.ts";
import type { LocalSystem } from "../local-system.ts";
import { cpuMs, median } from "../process.ts";
import type { PartOutcome } from "./part.ts";

const floor = 0.6;
const connections = 32;
const requests = 12_000;
const categories = 6;
const items = 40;

/** `bare` and `server` check a token and answer 11 bytes; `bare` stands behind the application's own outer layer, as the menu does. */
const variants = { menu: "me", bare: "app-token", server: "token" } as const;
type Variant = keyof typeof variants;
const names = Object.keys(variants) as Variant[];

interface Turn {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the process that answers; much less shaken by what else the machine does than the rate is. */
  readonly cpuMicros: number;
}
type Round = Readonly<Record<Variant, Turn>>;

/**
 * A whole menu from the real application, against a route of the same application that does nothing but check a token. A
 * server of two lines without the outer layer (request id, log line, metrics, limits, headers) is measured for the record.
 */
export async function measureMenuRead(system: LocalSystem, { rounds: count }: { readonly rounds: number }): Promise<PartOutcome> {
  const { cafeId, holder } = await makeCafe(system);
  const authorization = authorize(system, holder);
  const servers = await Promise.all(names.map((name) => startVariant(system, name, holder)));
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < count; round += 1) {
      const results: Partial<Record<Variant, Turn>> = {};
      for (let turn = 0; turn < servers.length; turn += 1) {
        const server = servers[(turn + round) % servers.length];
        if (server) results[server.name] = await takeTurn(server, cafeId, authorization);
      }
      rounds.push(results as Round);
      console.error(
        `round ${round + 1} of ${count}: ${names.map((name) => `${name} ${Math.round(results[name]?.perSecond ?? 0)}/s`).join(", ")}`,
      );
    }
    const bytes = (await (await fetch(menuUrl(servers[0]?.port ?? 0, cafeId))).arrayBuffer()).byteLength;
    return outcomeOf(rounds, bytes);
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

interface Server {
  readonly name: Variant;
  readonly child: ChildProcess;
  readonly port: number;
}

const menuUrl = (port: number, cafeId: string): string => `http://127.0.0.1:${port}/api/v1/menu/items?cafe_id=${cafeId}`;

async function takeTurn({ name, child, port }: Server, cafeId: string, authorization: string): Promise<Turn> {
  const load =
    name === "menu"
      ? { url: menuUrl(port, cafeId), connections }
      : { url: `http://127.0.0.1:${port}/api/v1/users/me`, authorizations: [authorization], connections };
  await runLoad({ ...load, warmUp: requests / 4, requests: connections });
  const before = cpuMs(child.pid ?? 0);
  const { perSecond, p50Ms, p99Ms } = await runLoad({ ...load, warmUp: 0, requests });
  return { perSecond, p50Ms, p99Ms, cpuMicros: ((cpuMs(child.pid ?? 0) - before) * 1000) / requests };
}

async function makeCafe({ cluster, database }: LocalSystem): Promise<{ cafeId: string; holder: Holder }> {
  return asSuperuser(cluster, database, async (client) => {
    const { rows } = await client.query<{ cafe_id: string; student_id: string; session_id: string }>(
      `with cafe as (insert into cafes (code, name, status, currency) values ('BENCH', 'Bench', 'approved', 'SEK') returning id),
       category as (insert into categories (cafe_id, name) select id, 'Category ' || n from cafe, generate_series(1, $1::int) n returning id, cafe_id, name),
       dish as (insert into menu_items (cafe_id, category_id, name, description, price_minor, allergens)
         select k.cafe_id, k.id, 'Dish ' || n, 'A dish as it is served every day, with bread and butter', 9000 + n, '{gluten,milk}'
         from generate_series(1, $2::int) n join category k on k.name = 'Category ' || 1 + n % $1::int),
       student as (insert into students (phone) values ('+46700000001') returning id),
       session as (insert into sessions (student_id) select id from student returning id, student_id)
       select cafe.id as cafe_id, session.student_id, session.id as session_id from cafe, session`,
      [categories, items],
    );
    const [row] = rows;
    if (!row) throw new Error("The café was not made.");
    return { cafeId: row.cafe_id, holder: { kind: "student", id: row.student_id, sessionId: row.session_id } };
  });
}

const authorize = ({ env }: LocalSystem, holder: Holder): string =>
  `Bearer ${signAccessToken(parseKeyring(env.JWT_KEYS ?? ""), holder, { issuer: "http://127.0.0.1:8080", lifeSeconds: 86_400, nowMs: Date.now() })}`;

async function startVariant({ env }: LocalSystem, name: Variant, holder: Holder): Promise<Server> {
  const file = path.join(import.meta.dirname, "../http-variant.ts");
  const child: ChildProcess = fork(file, [variants[name], JSON.stringify(holder)], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", (code) => reject(new Error(`The server "${name}" ended with code ${code}.`)));
  });
  return { name, child, port };
}

function outcomeOf(rounds: readonly Round[], bytes: number): PartOutcome {
  const ratioTo = (other: Variant) => median(rounds.map((round) => round.menu.perSecond / round[other].perSecond));
  const cpuRatioTo = (other: Variant) => median(rounds.map((round) => round[other].cpuMicros / round.menu.cpuMicros));
  const mediansOf = (name: Variant) => ({
    per_second: Math.round(median(rounds.map((round) => round[name].perSecond))),
    p50_ms: round2(median(rounds.map((round) => round[name].p50Ms))),
    p99_ms: round2(median(rounds.map((round) => round[name].p99Ms))),
    cpu_micros: Math.round(median(rounds.map((round) => round[name].cpuMicros))),
  });
  const medians = Object.fromEntries(names.map((name) => [name, mediansOf(name)])) as Record<Variant, ReturnType<typeof mediansOf>>;
  const ratio = ratioTo("bare");
  const isMet = ratio >= floor;
  const line = (label: string, name: Variant) =>
    `${label.padEnd(42)} ${String(medians[name].per_second).padStart(8)}/s   p99 ${medians[name].p99_ms} ms, ${medians[name].cpu_micros} µs of CPU`;
  return {
    report: {
      ratio: round2(ratio),
      ratio_by_cpu: round2(cpuRatioTo("bare")),
      ratio_to_server_of_two_lines: round2(ratioTo("server")),
      floor,
      medians,
      menu_bytes: bytes,
      items,
      connections,
      requests,
    },
    lines: [
      line(`menu of ${items} items, ${bytes} bytes`, "menu"),
      line("token-checked bare route, same application", "bare"),
      line("token-checked server of two lines", "server"),
      `${"menu / bare route".padEnd(42)} ${percent(ratio).padStart(10)}   ≥ ${percent(floor)}   ${isMet ? "met" : "MISSED"} (by CPU ${percent(cpuRatioTo("bare"))})`,
    ],
    missed: isMet ? [] : [`the menu reaches ${percent(ratio)} of a token-checked bare route, the floor is ${percent(floor)}`],
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const round2 = (value: number): number => Math.round(value * 100) / 100;
