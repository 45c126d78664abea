import { spawnSync } from "node:child_process";
import { findPython } from "../../app/local/aws-world.ts";

/** Something that this machine lacks: the rehearsal is skipped, not failed. */
export class CannotRun extends Error {}

const oldest = { major: 1, minor: 11 } as const;

export const terraformVersion = (path = process.env.PATH): string => {
  const asked = spawnSync("terraform", ["version", "-json"], { encoding: "utf8", env: { PATH: path, CHECKPOINT_DISABLE: "1" } });
  if (asked.status !== 0) throw new CannotRun("Terraform is missing: install version 1.11.4 and put it on PATH.");
  const version = (JSON.parse(asked.stdout) as { terraform_version: string }).terraform_version;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new CannotRun(`Terraform ${version} lacks write-only arguments: install version 1.11.4.`);
  }
  return version;
};

export const pythonName = (): string => {
  const found = findPython();
  if (!found) throw new CannotRun("Python 3.10 or newer with its venv module is missing: the world that stands in for AWS runs on it.");
  return found;
};
