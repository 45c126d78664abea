import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { judgeKnee } from "./capacity/knee.ts";
import { capacityOf, type Measured, measured } from "./capacity/model.ts";
import { type Result, resultsFolder } from "./load/report.ts";

export const command = {
  name: "npm run capacity",
  for: "platform team",
  what: "Says which machines and database so many students need at lunch, what that costs a month, and what is full first after that.",
  touches: "Nothing.",
  options: {
    students: { type: "string", value: "N", default: "20000", help: "how many students, 100 to 5,000,000" },
    knee: {
      type: "boolean",
      help: "in the place of all that: the knee that `npm run load -- knee` found here, beside what the model says of it",
    },
    measured: {
      type: "string",
      value: "FILE",
      help: "what `npm run bench -- money --only payments` printed; the committed numbers without it",
    },
  },
  exits: { 1: "with --knee: the model is more than 20 % off" },
} as const satisfies Command;

const kneeResult = path.join(resultsFolder, "knee/result.json");

function compareKnee(): number {
  if (!existsSync(kneeResult))
    throw new PlainError("There is no knee yet: run `npm run load -- knee` on a machine that does nothing else.");
  const { knee, at, machine } = JSON.parse(readFileSync(kneeResult, "utf8")) as Partial<Result>;
  if (!knee) throw new PlainError("The last `npm run load -- knee` came to no knee: see its report in .cache/load/knee.");
  const { lines, holds } = judgeKnee(knee);
  console.log([`found ${at} on ${machine}`, ...lines].join("\n"));
  return holds ? 0 : 1;
}

interface BenchReport {
  readonly payments?: { readonly capacity?: { readonly nodeMs: number; readonly postgresMs: number; readonly redisMs: number } };
}

function readMeasured(file: string): Measured {
  const { payments } = JSON.parse(readFileSync(file, "utf8")) as BenchReport;
  if (!payments?.capacity) throw new PlainError(`${file} holds no payments: make it by \`npm run bench -- money --only payments > FILE\`.`);
  const { nodeMs, postgresMs, redisMs } = payments.capacity;
  return { ...measured, from: file, nodeMs, postgresMs, redisMs };
}

await runCommand(import.meta, command, ({ values }) => {
  if (values.knee) return compareKnee();
  const students = wholeNumber(command, "students", values.students, { from: 100, to: 5_000_000 });
  const numbers = values.measured ? readMeasured(values.measured) : measured;
  const found = capacityOf(students, numbers);
  console.log(
    [
      `${students.toLocaleString("en")} students: ${found.scansASecond.toFixed(1)} scans a second at the peak of lunch (by ${numbers.from})`,
      `  machines   ${found.machines} × c7g.large at lunch, one of them to lose`,
      `  database   ${found.databases} × ${found.database}, in two zones (${found.databaseCores.toFixed(1)} cores at the fill that is planned)`,
      `  grows      ${found.databaseGibAYear.toFixed(1)} GiB a year`,
      `  costs      about ${Math.round(found.monthlyUsd).toLocaleString("en")} USD a month in the serving region`,
      `  then       ${found.first}`,
    ].join("\n"),
  );
  return 0;
});
