import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Finding, fine, stop } from "./finding.ts";

const about = "Terraform";

/** Write-only arguments, which keep passwords out of the state, came with 1.11; 2 may change anything. */
export async function checkTerraform(program = "terraform"): Promise<Finding> {
  const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const answer = await promisify(execFile)(program, ["version", "-json"], { env }).catch(() => undefined);
  if (!answer)
    return stop(
      about,
      "no terraform on the PATH",
      "install Terraform 1.11.4 or a newer 1.x and make sure that `terraform version` answers.",
    );
  const version = String((JSON.parse(answer.stdout) as { terraform_version?: string }).terraform_version);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 1 && minor >= 11) return fine(about, version);
  return stop(
    about,
    `version ${version}, and the stacks need 1.11 or a newer 1.x`,
    "install Terraform 1.11.4 and put it first on the PATH.",
  );
}
