import { spawn } from "node:child_process";
import { join } from "node:path";
import { rehearsalAccount } from "../../../app/local/aws-world.ts";
import { root } from "../places.ts";

/** An operator's machine in the campus's network: AWS and the edge at their own names, and no endpoint set. */
export class Operator {
  readonly authorityFile: string;
  readonly env: Record<string, string>;

  constructor(authorityFile: string, more: Readonly<Record<string, string>> = {}) {
    this.authorityFile = authorityFile;
    this.env = {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "/root",
      AWS_ACCESS_KEY_ID: "rehearsal",
      AWS_SECRET_ACCESS_KEY: "rehearsal",
      AWS_REGION: "eu-north-1",
      AWS_EC2_METADATA_DISABLED: "true",
      CAMPUS_ACCOUNT_ID: rehearsalAccount,
      NODE_EXTRA_CA_CERTS: authorityFile,
      AWS_CA_BUNDLE: authorityFile,
      CURL_CA_BUNDLE: authorityFile,
      ...more,
    };
  }

  /** The same machine with these in its environment: who logs in, where an old database is. */
  with(more: Readonly<Record<string, string>>): Operator {
    return new Operator(this.authorityFile, more);
  }

  /** Runs one of the commands of package.json and gives what it printed. */
  run(script: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, "scripts", `${script}.ts`), ...args], {
        cwd: root,
        env: this.env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (part) => {
          output += part;
        });
      child.on("error", reject).on("close", (code) => resolve({ code: code ?? 1, output }));
    });
  }

  async must(script: string, ...args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(script, ...args);
    if (code !== 0) throw new Error(`npm run ${script} ended with ${code}: ${output.slice(-1_500)}`);
    return output;
  }

  /** It must end with 1 and say why. */
  async refuses(because: RegExp, script: string, ...args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(script, ...args);
    const reason = because.exec(output)?.[0];
    if (code !== 1 || !reason) throw new Error(`npm run ${script} ended with ${code} and does not say ${because}: ${output.slice(-1_500)}`);
    return reason;
  }
}
