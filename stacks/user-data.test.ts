import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { bootScript } from "./user-data.ts";

const sha = "a".repeat(64);
const script = bootScript({
  artifactBucket: "artifacts",
  artifactSha256: sha,
  region: "eu-north-1",
  program: "start",
  environment: { PUBLIC_URL: "https://pay.example" },
});

test("the boot script is valid bash", () => {
  expect(() => execFileSync("bash", ["-n"], { input: script })).not.toThrow();
});

test("the artifact is fetched by its digest and proved before anything of it runs", () => {
  const [fetched, proved, unpacked, started] = ["releases/$artifact.tar.gz", "sha256sum --check", "tar -xzf", "exec /opt"].map((step) =>
    script.indexOf(step),
  );
  expect(script).toContain(`artifact=${sha}`);
  expect([fetched, proved, unpacked, started].every((at) => (at as number) > 0)).toBe(true);
  expect([fetched, proved, unpacked, started]).toEqual([fetched, proved, unpacked, started].sort((a, b) => (a as number) - (b as number)));
});

test("the proof is by the bytes: bash refuses a file that has other ones", () => {
  const [line = ""] = /^echo .*sha256sum --check --quiet/m.exec(script) ?? [];
  const proof = line.replace("/tmp/artifact.tar.gz", "$file");
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const passes = (artifact: string) => {
    const check = `artifact=${artifact}; file=$(mktemp); ${proof}; code=$?; rm -f "$file"; exit $code`;
    try {
      execFileSync("bash", ["-c", check], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  expect(passes(empty)).toBe(true);
  expect(passes(sha)).toBe(false);
});
