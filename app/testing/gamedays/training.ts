import { createServer, type Server } from "node:http";
import type { ConsoleAction, GameDay } from "../../../dashboards/gamedays.ts";
import { listenLocally } from "../../local/ports.ts";
import type { Clock } from "./day.ts";
import type { Fault } from "./faults.ts";

interface TrainingOptions {
  readonly day: GameDay;
  readonly fault: Fault;
  readonly clock: Clock;
  /** How long a minute of the alarms lasts for the person; work in it may take longer. */
  readonly minuteMs: number;
  /** What the person reads, as a pager would say it. */
  tell(line: string): void;
  /** Called when the fault is in: where the console answers. */
  onBegun?(consoleUrl: string): Promise<void> | void;
}

export interface TrainingResult {
  readonly day: string;
  /** From the fault to the pager, by the alarms' clock; undefined where it was mended before anybody was told. */
  readonly minutesToPager: number | undefined;
  /** From the pager to the mend, and where none rang from the fault, by the person's clock. */
  readonly secondsToMend: number;
  /** What was done at the console that mended nothing. */
  readonly inVain: readonly string[];
}

const longestMinutes = 600;
/** Mended, and no alarm came for so long: none will. */
const silentMinutes = 90;
/** A minute of the alarms while the person has nothing to do: before the pager rings, and from the mend to the alarm's end. */
const idleMinuteMs = 400;

/**
 * A game day for a person: a fault goes in and nobody says which. The pager gives the alarm's name and no more; the person finds the page,
 * runs its commands on this campus, does at the console what on AWS would be done to a thing, and is told the minutes at the end.
 */
export async function train({ day, fault, clock, minuteMs, tell, onBegun }: TrainingOptions): Promise<TrainingResult> {
  const done: string[] = [];
  const console = await openConsole(async (action) => {
    done.push(action);
    if (action === fault.atConsole) await fault.mend();
  });
  let startedAt = performance.now();
  try {
    await fault.begin?.();
    await onBegun?.(console.url);
    const beganAt = clock.minutes;
    let known: ReadonlySet<string> = new Set();
    let minutesToPager: number | undefined;
    let mended: { readonly seconds: number; readonly minute: number } | undefined;
    while (clock.minutes < longestMinutes) {
      const isIdle = minutesToPager === undefined || mended !== undefined;
      const pause = new Promise((resolve) => setTimeout(resolve, isIdle ? Math.min(minuteMs, idleMinuteMs) : minuteMs));
      const ringing = new Set(await clock.minute(() => fault.minute()));
      const tickets = clock.ringing("ticket");
      if (minutesToPager === undefined && !mended && ringing.has(day.alarm)) {
        minutesToPager = clock.minutes - beganAt;
        startedAt = performance.now();
      }
      for (const name of ringing)
        if (!known.has(name)) tell(`minute ${clock.minutes}: ${name} rings${tickets.includes(name) ? " (a ticket: nobody is woken)" : ""}`);
      for (const name of known) if (!ringing.has(name)) tell(`minute ${clock.minutes}: ${name} has ended`);
      known = ringing;
      if (!(await isMended(fault, done))) mended = undefined;
      else mended ??= { seconds: Math.round((performance.now() - startedAt) / 1_000), minute: clock.minutes };
      const isOver = minutesToPager !== undefined || clock.minutes - (mended?.minute ?? clock.minutes) >= silentMinutes;
      if (mended && isOver && !ringing.has(day.alarm)) {
        if (known.size > 0) tell(`still rings, and ends by itself: ${[...known].join(", ")}`);
        const inVain = done.filter((action) => action !== fault.atConsole);
        return { day: day.name, minutesToPager, secondsToMend: mended.seconds, inVain };
      }
      await pause;
    }
    throw new Error(
      `After ${longestMinutes} minutes of the alarms' clock "${day.name}" was not mended; its page is runbooks/${day.page}.md.`,
    );
  } finally {
    console.server.close();
    console.server.closeAllConnections();
    await fault.end?.();
  }
}

const isMended = async (fault: Fault, done: readonly string[]): Promise<boolean> =>
  fault.atConsole === undefined ? ((await fault.isWell?.()) ?? false) : done.includes(fault.atConsole);

/** Takes `POST /start-redis` and the like; says the same whether it helped or not, as a console would. */
async function openConsole(act: (action: ConsoleAction) => Promise<void>): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    act((request.url ?? "").slice(1) as ConsoleAction).then(
      () => response.end("done\n"),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  return { url: `http://127.0.0.1:${await listenLocally(server)}`, server };
}
