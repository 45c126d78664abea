import { readFileSync } from "node:fs";
import path from "node:path";
import { build, type Metafile } from "esbuild";
import { projectRoot } from "../../app/local/home.ts";
import type { Part } from "./packages.ts";
import { unbundled } from "./unbundled.ts";

/** Each program becomes one file of this name; where it lies decides what it finds beside itself. */
const programs = {
  "app/api": "app/main.ts",
  "app/worker": "app/worker.ts",
  "app/migrate": "app/migrate.ts",
  "app/first-admins": "app/first-admins.ts",
  "app/password-worker": "app/identity/password-worker.ts",
  "app/resize-child": "app/images/resize-child.ts",
  "host/start": "app/host/start.ts",
  "host/migrate": "app/host/migrate.ts",
  "host/check": "app/host/check.ts",
  "host/in-service": "app/host/in-service.ts",
  "host/watch": "app/host/watch.ts",
  "host/epoch": "app/host/follow-epoch.ts",
  "host/ship-logs": "app/host/ship-logs.ts",
  "host/server": "app/host/server.ts",
};

// CommonJS packages expect these three, which a module does not have.
const banner = `import { createRequire as bundleRequire } from "node:module";
const require = bundleRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/** Bundles the programs and says which packages went into them. */
export async function bundlePrograms(stage: string, root = projectRoot): Promise<Part[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    // Paths in the bundle are those below the root, wherever a link leads.
    preserveSymlinks: true,
    entryPoints: Object.entries(programs).map(([out, input]) => ({ in: input, out })),
    outdir: stage,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: banner },
    // pg-native is pg's own option; the others are packages beside the bundle.
    external: [...unbundled, "pg-native"],
    keepNames: true,
    legalComments: "none",
    metafile: true,
    logLevel: "error",
  });
  return packagesIn(metafile);
}

function packagesIn({ inputs }: Metafile): Part[] {
  const folders = new Set(Object.keys(inputs).flatMap((input) => input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? []));
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(projectRoot, folder, "package.json"), "utf8"));
    return { name, version, licence: typeof license === "string" ? license : undefined };
  });
}
