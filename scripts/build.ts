// `npm run build`: the one archive that machines run, named by the sha256 of its bytes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../app/local/home.ts";
import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";
import { type Arch, archs, packArchive, stageArtifact } from "./build/artifact.ts";

const help = `npm run build -- [--arch arm64|x64] [--out FOLDER]

Builds the release artifact: the API, the workers and the migrator as single files, their own Node, what a machine
needs to run them (nginx, systemd units), the certificates of RDS and a list of parts. The same commit gives the same bytes.

  --arch ARCH    the machines' processor: arm64 (default, Graviton) or x64
  --out FOLDER   where the archive is put (default: dist/releases)

It downloads Node and sharp for that processor from the package registry once (.cache/artifact) and changes nothing else.
Prints the archive's path, its sha256 and its size. Exit codes: 0 built, 1 failed, 2 wrong use.
`;

export interface BuildOptions {
  readonly arch: Arch;
  readonly out: string;
}

export interface Built {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

export async function build({ arch, out }: BuildOptions, say: (line: string) => void): Promise<Built> {
  mkdirSync(out, { recursive: true });
  const stage = mkdtempSync(path.join(tmpdir(), "campus-build-"));
  try {
    await stageArtifact(stage, arch, say);
    return packArchive(stage, out);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function parseOptions(args: readonly string[]): BuildOptions | "help" {
  const options = { arch: { type: "string", default: "arm64" }, out: { type: "string" }, help: { type: "boolean" } } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return "help";
    const arch = archs.find((known) => known === values.arch);
    if (!arch) throw new Error(`--arch is "${values.arch}": give ${archs.join(" or ")}.`);
    return { arch, out: path.resolve(values.out ?? path.join(projectRoot, "dist/releases")) };
  } catch (error) {
    throw new PlainError(`${(error as Error).message} (npm run build -- --help)`, 2);
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") return void process.stdout.write(help);
  const { file, sha256, bytes } = await build(options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${file}\nsha256 ${sha256}\n${(bytes / 1_048_576).toFixed(1)} MiB for ${options.arch}\n`);
}

if (process.argv[1] === import.meta.filename) main().catch(reportAndSetExitCode);
