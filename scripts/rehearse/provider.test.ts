import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cliConfig, findProvider, mirrorPlaces, platform } from "./provider.ts";

const mirrored = "registry.terraform.io/hashicorp/aws";
const silent = async () => false;
const answering = async () => true;

const mirrorWith = (...versions: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), "mirror-"));
  for (const version of versions) mkdirSync(join(folder, mirrored, version, platform), { recursive: true });
  return folder;
};
const place = (folder: string) => ({ folder, foundBy: "this test" });

test("takes the pinned version from whichever mirror has it", async () => {
  const [old, exact] = [mirrorWith("6.0.0"), mirrorWith("5.99.0", "5.100.0")];
  expect(await findProvider("5.100.0", [place(old), place(exact)], silent)).toMatchObject({
    kind: "mirror",
    folder: exact,
    version: "5.100.0",
  });
});

test("takes the pinned version from the registry rather than another one from a mirror", async () => {
  expect(await findProvider("5.100.0", [place(mirrorWith("6.0.0"))], answering)).toEqual({ kind: "registry", version: "5.100.0" });
});

test("takes the newest mirrored version where the registry does not answer", async () => {
  expect(await findProvider("5.100.0", [place(mirrorWith("5.99.0", "5.9.0"))], silent)).toMatchObject({ version: "5.99.0" });
});

test("finds nothing where no mirror and no registry has it", async () => {
  expect(await findProvider("5.100.0", [place(mirrorWith())], silent)).toBeUndefined();
});

test("finds a packed provider of this platform and leaves those of others", async () => {
  const folder = mirrorWith();
  mkdirSync(join(folder, mirrored), { recursive: true });
  writeFileSync(join(folder, mirrored, "terraform-provider-aws_5.101.0_plan9_mips.zip"), "");
  writeFileSync(join(folder, mirrored, `terraform-provider-aws_5.100.0_${platform}.zip`), "");
  expect(await findProvider("5.100.0", [place(folder)], silent)).toMatchObject({ version: "5.100.0", packed: true });
});

test("searches the mirror of Terraform's own configuration first, then the usual folders, then add-on folders", () => {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const opt = mkdtempSync(join(tmpdir(), "opt-"));
  mkdirSync(join(opt, "addon"));
  const file = join(home, "cli.tfrc");
  writeFileSync(file, 'provider_installation {\n  filesystem_mirror {\n    path = "/srv/mirror"\n  }\n}\n');
  const folders = mirrorPlaces({ HOME: home, TF_CLI_CONFIG_FILE: file }, opt).map((one) => one.folder);
  expect(folders[0]).toBe("/srv/mirror");
  expect(folders[1]).toBe(join(home, ".terraform.d/plugins"));
  expect(folders).toContain("/usr/local/share/terraform/plugins");
  expect(folders.at(-1)).toBe(join(opt, "addon"));
});

test("copes with a configuration file that does not exist", () => {
  expect(mirrorPlaces({ HOME: "/nowhere", TF_CLI_CONFIG_FILE: "/nowhere/at/all" }, "/nowhere/opt").length).toBeGreaterThan(0);
});

test("a mirror is the only place that Terraform may then install from", () => {
  const config = cliConfig({ kind: "mirror", folder: "/m", version: "5.100.0", packed: false, foundBy: "this test" }, "/cache");
  expect(config).toContain('path = "/m"');
  expect(config).not.toContain("direct");
});
