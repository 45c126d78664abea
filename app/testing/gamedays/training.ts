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
  readonly secondsToPager: number;
  /** From the pager to the end of every page. */
  readonly secondsToMend: number;
  /** What was done at the console that mended nothing. */
  readonly inVain: readonly string[];
}

const longestMinutes = 600;

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
  const began = performance.now();
  const seconds = (since: number) => Math.round((performance.now() - since) / 1_000);
  try {
    await fault.begin?.();
    await onBegun?.(console.url);
    const known = new Set<string>();
    let pagerAt: number | undefined;
    let secondsToPager = 0;
    while (clock.minutes < longestMinutes) {
      const pause = new Promise((resolve) => setTimeout(resolve, minuteMs));
      const ringing = await clock.minute(() => fault.minute());
      const tickets = clock.ringing("ticket");
      for (const name of ringing)
        if (!known.has(name)) tell(`minute ${clock.minutes}: ${name} rings${tickets.includes(name) ? " (a ticket: nobody is woken)" : ""}`);
      for (const name of known) if (!ringing.includes(name)) tell(`minute ${clock.minutes}: ${name} has ended`);
      known.clear();
      for (const name of ringing) known.add(name);
      if (pagerAt === undefined && ringing.includes(day.alarm)) {
        pagerAt = performance.now();
        secondsToPager = seconds(began);
      }
      if (pagerAt !== undefined && !ringing.includes(day.alarm) && (await isMended(fault, done))) {
        if (known.size > 0) tell(`still rings, and ends by itself: ${[...known].join(", ")}`);
        const inVain = done.filter((action) => action !== fault.atConsole);
        return { day: day.name, secondsToPager, secondsToMend: seconds(pagerAt), inVain };
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
