// `npm run build`: the one archive that machines run, named by the sha256 of its bytes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";

import { type Arch, archs, packArchive, stageArtifact } from "./build/artifact.ts";

export const command = {
  name: "npm run build",
  for: "platform team",
  what: "Builds the one archive that machines run, named by the sha256 of its bytes: programs, their own Node, nginx's and systemd's files, RDS's certificates.",
  touches: "writes the archive; Node and sharp for that processor are downloaded once from the package registry into .cache/artifact.",
  options: {
    arch: { type: "string", value: "ARCH", default: "arm64", help: "the machines' processor: arm64 (Graviton) or x64" },
    out: { type: "string", value: "FOLDER", help: "where the archive is put; dist/releases unless said" },
  },
  exits: { 1: "not built: the line above says why" },
} as const satisfies Command;

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

await runCommand(import.meta, command, async ({ values }) => {
  const arch = archs.find((known) => known === values.arch);
  if (!arch) throw refuse(command, `--arch is "${values.arch}": give ${archs.join(" or ")}.`);
  const out = path.resolve(values.out ?? path.join(projectRoot, "dist/releases"));
  const { file, sha256, bytes } = await build({ arch, out }, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${file}\nsha256 ${sha256}\n${(bytes / 1_048_576).toFixed(1)} MiB for ${arch}\n`);
});
