import { withAppDatabase } from "../app/local/app-database.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { type DeadLetters, listDeadLetters, redrive } from "../app/platform/redrive.ts";

const statementTimeoutMs = 30_000;

export const command = {
  name: "npm run outbox:redrive",
  for: "on call",
  what: "Lists what the worker gave up; with --topic that is tried again.",
  touches: "nothing without --topic; with it the rows of that topic are due again.",
  options: { topic: { type: "string", value: "TOPIC", help: "try the dead letters of this topic again" } },
  environment: { DATABASE_URL: "another database than the started system's" },
  exits: { 1: "there is none of that topic" },
} as const satisfies Command;

async function listOrRedrive(topic: string | undefined): Promise<void> {
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

await runCommand(import.meta, command, ({ values }) => listOrRedrive(values.topic));
