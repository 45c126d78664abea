import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./rehearse/places.ts";

// The SDK only warns when requestTimeout is over, and goes on waiting: on a connection whose other side is lost, for a quarter of an hour.
test("each client of AWS that says how long a call may take ends it then", () => {
  const files = ["app", "scripts", "stacks"].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root, exclude: ["**/node_modules", "**/dist"] }),
  );
  const waiting = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/\{[^{}]*connectionTimeout:[^{}]*\}/g)]
      // What counts attempts too is an origin of the edge, and no client.
      .filter(([handler]) => !/throwOnRequestTimeout: true|socketTimeout:|connectionAttempts:/.test(handler))
      .map(([handler]) => `${file}: ${handler}`),
  );
  expect(waiting).toEqual([]);
});
