import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { childEnvironment } from "./child-environment.ts";
import { realCredentials } from "./credentials.ts";

const keys = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" };
const rehearse = join(import.meta.dirname, "rehearse.ts");

const run = (env: Record<string, string>) =>
  spawnSync(process.execPath, [rehearse], { encoding: "utf8", env: { PATH: "/nowhere", ...env } });

test("refuses to run where real credentials are in the environment without an endpoint on loopback", () => {
  const { status, stderr } = run(keys);
  expect(status).toBe(2);
  expect(stderr).toContain("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY");
});

test("refuses to run where a profile is chosen and the endpoint is another machine", () => {
  expect(run({ AWS_PROFILE: "production", AWS_ENDPOINT_URL: "http://10.0.0.4:5000" }).status).toBe(2);
});

test("goes on where the credentials belong to an endpoint on loopback", () => {
  const { status, stderr } = run({ ...keys, AWS_ENDPOINT_URL: "http://127.0.0.1:5000" });
  expect(status).toBe(3);
  expect(stderr).toContain("Terraform is missing");
});

test.each(["http://127.0.0.1.example.com", "https://sts.amazonaws.com", "http://localhost.example.com:80"])(
  "does not take %s for loopback",
  (url) => {
    expect(realCredentials({ ...keys, AWS_ENDPOINT_URL: url })).toBeDefined();
  },
);

test("hands its children dummy keys and the world's address, and none of the caller's AWS settings", () => {
  const rehearsal = { folder: "/rehearsal", worldUrl: "http://127.0.0.1:4", cliConfig: "/rehearsal/terraformrc", reachesOut: false };
  const env = childEnvironment(rehearsal, { ...keys, AWS_PROFILE: "production", TF_CLI_ARGS: "-lock=false", PATH: "/bin" });
  expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: "rehearsal", AWS_ENDPOINT_URL: "http://127.0.0.1:4", HTTPS_PROXY: "http://127.0.0.1:4" });
  expect(env).not.toHaveProperty("AWS_PROFILE");
  expect(env).not.toHaveProperty("TF_CLI_ARGS");
});
