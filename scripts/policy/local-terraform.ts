import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cliConfig, findProvider, mirrorPlaces, type ProviderSource } from "../rehearse/provider.ts";

const run = promisify(execFile);

export const pinnedProvider = "5.100.0";

const settings = { terraform: { required_providers: { aws: { source: "hashicorp/aws", version: pinnedProvider } } } };

type Diagnostic = { readonly severity: string; readonly summary: string; readonly detail: string };

/** Terraform with a copy of the provider that is already on this machine: no account, no registry, no network. */
export class LocalTerraform {
  private readonly source: ProviderSource;

  private constructor(source: ProviderSource) {
    this.source = source;
  }

  static async find(): Promise<LocalTerraform | undefined> {
    const source = await findProvider(pinnedProvider, mirrorPlaces(process.env), async () => false);
    const terraform = await run("terraform", ["version"], { env: quiet() }).catch(() => undefined);
    return terraform && source?.version === pinnedProvider ? new LocalTerraform(source) : undefined;
  }

  /** Makes a folder ready; any configuration that needs the AWS provider alone can be put into it afterwards. */
  async init(folder: string): Promise<void> {
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(settings));
    await this.terraform(folder, ["init", "-backend=false", "-input=false", "-no-color"]);
  }

  /** What Terraform and the provider object to, or nothing. */
  async validate(folder: string): Promise<string> {
    const { stdout } = await this.terraform(folder, ["validate", "-json"]).catch((error: { stdout: string }) => error);
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
    return diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ summary, detail }) => `${summary}: ${detail}`)
      .join("\n");
  }

  private async terraform(folder: string, args: readonly string[]): Promise<{ stdout: string }> {
    const home = mkdtempSync(join(tmpdir(), "campus-terraform-"));
    try {
      const config = join(home, "terraform.rc");
      writeFileSync(config, cliConfig(this.source, home));
      return await run("terraform", [...args], { cwd: folder, env: { ...quiet(), TF_CLI_CONFIG_FILE: config }, maxBuffer: 16_000_000 });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
}

function quiet(): NodeJS.ProcessEnv {
  const { TF_CLI_CONFIG_FILE: _, ...rest } = process.env;
  return { ...rest, CHECKPOINT_DISABLE: "1" };
}
