import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const places = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium";

/** The system's Chromium; as root it is installed where there is none. Without one the reason is the answer. */
export function findChromium(): { readonly path: string } | { readonly missing: string } {
  const found = places.find((place) => place !== "" && existsSync(place));
  if (found) return { path: found };
  if (process.getuid?.() !== 0 || spawnSync("which", ["apt-get"]).status !== 0)
    return { missing: "there is no Chromium: install one, or name it in CHROMIUM" };
  console.error("Installing Chromium with apt-get …");
  const { status } = spawnSync("sh", ["-c", install], { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  const installed = places.find((place) => place !== "" && existsSync(place));
  return status === 0 && installed ? { path: installed } : { missing: `Chromium could not be installed (${install})` };
}
