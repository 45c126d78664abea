import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { projectRoot } from "../../app/local/home.ts";
import { packArchive } from "./artifact.ts";
import { bundlePrograms } from "./bundle.ts";
import { copyPackages } from "./packages.ts";
import { unbundled } from "./unbundled.ts";

const work = mkdtempSync(path.join(tmpdir(), "campus-build-test-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const digestsIn = (folder: string) =>
  Object.fromEntries(
    globSync("**/*.mjs", { cwd: folder })
      .sort()
      .map((file) => [
        file,
        createHash("sha256")
          .update(readFileSync(path.join(folder, file)))
          .digest("hex"),
      ]),
  );

test("the programs bundled in two folders are equal to the byte, and hold no path of this machine", async () => {
  const other = path.join(work, "elsewhere/checkout");
  mkdirSync(other, { recursive: true });
  cpSync(path.join(projectRoot, "app"), path.join(other, "app"), { recursive: true, filter: (from) => !from.includes("node_modules") });
  for (const file of ["package.json", "tsconfig.json"]) cpSync(path.join(projectRoot, file), path.join(other, file));
  for (const folder of ["node_modules", "dashboards"]) symlinkSync(path.join(projectRoot, folder), path.join(other, folder));
  const [here, there] = [path.join(work, "here"), path.join(work, "there")];
  await bundlePrograms(here);
  await bundlePrograms(there, other);
  expect(digestsIn(there)).toEqual(digestsIn(here));
  expect(readFileSync(path.join(here, "app/api.mjs"), "utf8")).not.toContain(projectRoot);
});

test("an archive's bytes say nothing of when, where and as whom it was packed", () => {
  const stages = ["first", "second"].map((name, index) => {
    const stage = path.join(work, name);
    mkdirSync(path.join(stage, "bin"), { recursive: true });
    const files = [
      ["bin/b", 0o755],
      ["a", 0o600],
      ["c", 0o644],
    ] as const;
    for (const [file, mode] of index === 0 ? files : files.toReversed()) writeFileSync(path.join(stage, file), file, { mode });
    utimesSync(path.join(stage, "a"), 1_000_000 * (index + 1), 1_000_000);
    return packArchive(stage, work);
  });
  expect(stages[1]).toEqual(stages[0]);
  const listed = execFileSync("tar", ["-tvzf", stages[0]?.file ?? ""], { encoding: "utf8", env: { ...process.env, TZ: "UTC" } });
  expect(listed).toMatch(/-rwxr-xr-x 0\/0 +5 1970-01-01 00:00 \.\/bin\/b/);
  expect(listed).toMatch(/-rw-r--r-- 0\/0 +1 1970-01-01 00:00 \.\/a/);
});

test("what a bundle loads by name lies beside it with all that it needs", () => {
  const parts = copyPackages(projectRoot, unbundled, path.join(work, "packages"));
  const { dependencies } = JSON.parse(readFileSync(path.join(projectRoot, "node_modules/pdfkit/package.json"), "utf8"));
  expect(parts.map(({ name }) => name)).toEqual(expect.arrayContaining([...unbundled, ...Object.keys(dependencies)]));
});

test("a package that the registry does not have is named with what the registry said", async () => {
  const registry = createServer((_, response) => response.writeHead(404).end("{}")).listen(0, "127.0.0.1");
  await once(registry, "listening");
  const address = registry.address() as AddressInfo;
  const program = `import(${JSON.stringify(path.join(import.meta.dirname, "packages.ts"))}).then(({ fetchPackage }) => fetchPackage({ name: "campus-no-such", version: "1.0.0", integrity: "" }))`;
  const env = { PATH: process.env.PATH, npm_config_registry: `http://127.0.0.1:${address.port}`, npm_config_cache: path.join(work, "npm") };
  const asking = spawn(process.execPath, ["--eval", program], { env });
  const said = text(asking.stderr);
  await once(asking, "close");
  registry.close();
  expect(await said).toContain("campus-no-such@1.0.0 could not be fetched from the package registry: 404 Not Found");
}, 60_000);
