// Faults with an alarm each, on machines that booted by themselves: it rings in its time, nothing else does, and the runbook's commands mend it.
import { asSuperuser, databaseAccess } from "../../../app/local/roles.ts";
import { type GameDay, gameDays } from "../../../dashboards/gamedays.ts";
import type { Block } from "../../runbooks/blocks.ts";
import { blocksOfPage, changeOf } from "../../runbooks/page.ts";
import { runChange, runCheck } from "../../runbooks/run-check.ts";
import { root } from "../places.ts";
import type { Alive } from "./alive.ts";
import type { Student } from "./campus.ts";
import { OnCall } from "./on-call.ts";
import { Payers } from "./payers.ts";
import { type Step, until } from "./telling.ts";

type Fault = { readonly begin: () => Promise<unknown>; readonly mend: () => Promise<unknown> };
type DayName = Extract<(typeof gameDays)[number]["name"], "dead-letters" | "redis-stopped" | "worker-stopped">;

const minuteMs = 60_000;
/** A look at a minute comes after its end, and the fault in the middle of one. */
const lookMinutes = 2;
const endsWithinMinutes = 10;
const calmMinutes = 2;

/** What a person at the database of this campus has in the shell. */
const shellOf = ({ cluster, secrets, host, certificates }: Alive): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? "/root",
  DATABASE_URL: databaseAccess(cluster, "campus").ownerUrl,
  DATABASE_PASSWORD: secrets.ownerPassword,
  CAMPUS_URL: `https://${host}`,
  CURL_CA_BUNDLE: certificates.authorityFile,
});

/** What Systems Manager would run on each machine, as the page's command says it. */
const onMachines = ({ region }: Alive, { command }: Block): void => {
  const words = /commands=\["(.+?)"\]/.exec(command)?.[1];
  if (!words) throw new Error(`no command for machines in: ${command}`);
  for (const [id, { machine }] of region.fleet.running) {
    const { code, output } = machine.run("sh", "-c", words);
    if (code !== 0) throw new Error(`${id}: ${words} ended with ${code}: ${output}`);
  }
};

const everywhere = ({ region }: Alive, ...words: readonly string[]): void => {
  for (const { machine } of region.fleet.running.values()) machine.run(...words);
};

const faults: Readonly<Record<DayName, (campus: Alive, page: string) => Fault>> = {
  "dead-letters": (campus, page) => ({
    begin: () =>
      asSuperuser(campus.cluster, "campus", (client) =>
        client.query(
          "insert into outbox (topic, payload, tries, last_error, dead_at) values ('transaction.metrics', $1, 8, 'the receiver was away', now())",
          [JSON.stringify({ amount_minor: 100, currency: "SEK", cafe_id: campus.demo.cafes[0]?.id })],
        ),
      ),
    mend: async () => {
      const env = { ...shellOf(campus), TOPIC: "transaction.metrics" };
      const run = await runChange(changeOf(page, "here", "$" + "{TOPIC:"), { cwd: root, env });
      if (!run.ok) throw new Error(`${page}: ${run.why}`);
    },
  }),
  // AWS fails over by itself, or as the page's command asks it to: another node answers at the same name.
  "redis-stopped": ({ cache }) => ({ begin: () => cache.stop(), mend: () => cache.start() }),
  "worker-stopped": (campus, page) => ({
    begin: async () => everywhere(campus, "systemctl", "stop", "campus-pay-worker", "campus-pay-worker-long"),
    mend: async () => onMachines(campus, changeOf(page, "aws", "systemctl restart campus-pay-worker")),
  }),
};

/** The page's checks that say something else than they should. */
const badChecks = async (campus: Alive, page: string): Promise<readonly string[]> => {
  const bad: string[] = [];
  for (const block of blocksOfPage(page)) {
    if (block.kind !== "check" || block.place !== "here") continue;
    const { ok } = await runCheck(block, { cwd: root, env: shellOf(campus) });
    if (!ok) bad.push(block.command);
  }
  return bad;
};

/** Rings in its time and alone, is seen in the page's checks, and is mended by the page. Its end is waited for by whoever comes last. */
const goThrough = async (
  campus: Alive,
  onCall: OnCall,
  day: GameDay & { readonly name: DayName },
  ended: readonly string[],
): Promise<string> => {
  const { begin, mend } = faults[day.name](campus, day.page);
  const isRinging = (name: string) => onCall.ringing().includes(name);
  if (isRinging(day.alarm)) throw new Error(`${day.alarm} rings before its fault is in.`);
  const well = await badChecks(campus, day.page);
  await begin();
  const beganAt = onCall.minutes;
  await until(`${day.alarm} rings`, (day.withinMinutes + lookMinutes) * minuteMs, async () => isRinging(day.alarm), {
    standing: () => `(there ring: ${onCall.ringing("page").join(", ") || "no pages"})`,
  });
  const rangAfter = onCall.minutes - beganAt;
  const others = onCall.ringing("page").filter((name) => name !== day.alarm && !ended.includes(name));
  if (others.length > 0) throw new Error(`${day.name}: other pages ring too: ${others.join(", ")}`);
  const seen = (await badChecks(campus, day.page)).filter((command) => !well.includes(command));
  if (seen.length === 0) throw new Error(`${day.name}: no check of runbooks/${day.page}.md says so.`);
  await mend();
  await until(`the checks of ${day.page} say what they should`, endsWithinMinutes * minuteMs, async () => {
    const bad = await badChecks(campus, day.page);
    return !seen.some((command) => bad.includes(command));
  });
  return `${day.alarm} rang in the ${rangAfter}. minute (promised ${day.withinMinutes}), ${seen.length} of the page's checks showed it, its command mended it`;
};

const stillRing = (onCall: OnCall, names: readonly string[]): readonly string[] => onCall.ringing().filter((name) => names.includes(name));

export const gameDaysAlive = async (campus: Alive, students: readonly Student[], environment: string, step: Step): Promise<void> => {
  const onCall = new OnCall(campus.ask, campus.region, environment);
  const paying = new Payers(campus.site, campus.demo, students);
  const calm = async () => {
    await until("calm minutes", 10 * minuteMs, async () => onCall.minutes >= calmMinutes);
    const pages = onCall.ringing("page");
    if (pages.length > 0) throw new Error(`on a calm campus there rings ${pages.join(", ")}`);
  };
  // The ticket that takes longest to end comes first: it ends while the others ring.
  const days = (Object.keys(faults) as DayName[]).flatMap((name) => gameDays.find((day) => day.name === name) ?? []) as (GameDay & {
    name: DayName;
  })[];
  try {
    await step("a calm lunch, and nobody is woken", calm);
    const ended: string[] = [];
    for (const day of days) {
      await step(
        `game day ${day.name}: ${day.fault}`,
        () => goThrough(campus, onCall, day, ended),
        (seen) => seen,
      );
      ended.push(day.alarm);
    }
    await step("all of them end", () =>
      until("no alarm of the three rings", endsWithinMinutes * minuteMs, async () => stillRing(onCall, ended).length === 0, {
        standing: () => `(there ring: ${stillRing(onCall, ended).join(", ")})`,
      }),
    );
    await step(
      "students paid meanwhile",
      () => paying.stop(campus.cluster),
      (seen) => seen,
    );
  } finally {
    await onCall.stop();
  }
};
