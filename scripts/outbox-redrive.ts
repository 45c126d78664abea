// `npm run outbox:redrive`: lists what the worker gave up; with `-- --topic X` it is tried again.
import { parseArgs } from "node:util";
import { withAppDatabase } from "../app/local/app-database.ts";
import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";
import { type DeadLetters, listDeadLetters, redrive } from "../app/platform/redrive.ts";

const statementTimeoutMs = 30_000;

async function main(): Promise<void> {
  const topic = parseTopic(process.argv.slice(2));
  await withAppDatabase({ what: "outbox", applicationName: "campus-outbox-redrive", statementTimeoutMs }, async (db) => {
    const dead = await listDeadLetters(db);
    if (topic === undefined) return void process.stdout.write(`${report(dead)}\n`);
    if (!dead.some((letters) => letters.topic === topic))
      throw new PlainError(
        `There is no dead letter of "${topic}"${dead.length === 0 ? "" : `: there are some of ${dead.map((letters) => letters.topic).join(", ")}`}.`,
        1,
      );
    process.stdout.write(`${await redrive(db, topic)} dead letters of ${topic} are tried again.\n`);
  });
}

function parseTopic(args: string[]): string | undefined {
  try {
    return parseArgs({ args, options: { topic: { type: "string" } } }).values.topic;
  } catch {
    throw new PlainError("npm run outbox:redrive [-- --topic TOPIC]; without a topic it lists what there is.", 2);
  }
}

function report(dead: readonly DeadLetters[]): string {
  if (dead.length === 0) return "There are no dead letters.";
  const lines = dead.map(({ topic, rows, oldestAt, newestAt, lastError, wiped }) =>
    [
      `${topic}: ${rows}, from ${oldestAt.toISOString()} to ${newestAt.toISOString()}`,
      ...(wiped > 0 ? [`  ${wiped} of them held a secret that is wiped: they cannot be sent again`] : []),
      `  the last one: ${lastError ?? "no error was written"}`,
    ].join("\n"),
  );
  return [...lines, "", "Again: npm run outbox:redrive -- --topic TOPIC"].join("\n");
}

await main().catch(reportAndSetExitCode);
