import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type ApiDocument, codesOf, endpointsOf } from "../../docs/document.ts";
import { errorCodes, statusOfCode } from "../../platform/errors.ts";
import { renderApiDocument } from "../api-document.ts";

const document = JSON.parse(await renderApiDocument()) as ApiDocument;

const refusals = endpointsOf(document).flatMap(({ operation }) =>
  Object.entries(operation.responses)
    .filter(([status]) => Number(status) >= 400)
    .map(([status, { description }]) => ({ operationId: operation.operationId, status: Number(status), codes: codesOf(description) })),
);
const documented = new Set(refusals.flatMap(({ codes }) => codes));

test("every refusal in the document names codes of the closed table, each under its own status", () => {
  const strangers = refusals.filter(
    ({ status, codes }) => codes.length === 0 || codes.some((code) => statusOfCode[code as keyof typeof statusOfCode] !== status),
  );
  expect(strangers).toEqual([]);
});

// Answered by the application around the routes, so that no route's document has it.
const besideTheRoutes = ["METHOD_NOT_ALLOWED"];

// Codes of features that are not built. A feature that brings its code takes it off this list; nothing is ever added.
const notYet: readonly string[] = [];

test("every code of the table is answered by a route, or stands on the list of those that are not yet", () => {
  const silent = errorCodes.filter((code) => !documented.has(code) && !besideTheRoutes.includes(code));
  expect(silent.toSorted()).toEqual(notYet.toSorted());
});

test("every code that a route can answer is named by a test", () => {
  const folder = path.join(import.meta.dirname, "../..");
  const texts = globSync("**/*.test.ts", { cwd: folder })
    .filter((file) => path.join(folder, file) !== import.meta.filename)
    .map((file) => readFileSync(path.join(folder, file), "utf8"));
  const untested = [...documented, ...besideTheRoutes].filter((code) => !texts.some((text) => text.includes(code)));
  expect(untested).toEqual([]);
});
