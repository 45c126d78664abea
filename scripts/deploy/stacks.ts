import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PlainError } from "../../app/local/plain-error.ts";
import { type Environment, regionPlans } from "../../regions/index.ts";
import { bucketName } from "../../stacks/names.ts";
import { type Place, placeOf } from "../drift/place.ts";
import { clientSettings } from "../preflight/client-settings.ts";
import { deployBootstrap } from "../rehearse/bootstrap.ts";
import { layers, type Stack } from "../rehearse/manifest.ts";
import { cacheFolder } from "../rehearse/places.ts";
import type { Outcome } from "../rehearse/processes.ts";
import { synthesize } from "../rehearse/site.ts";
import { cdktf, terraform } from "../rehearse/terraform.ts";
import { isObject, readConfiguration } from "../rehearse/terraform-json.ts";
import type { Step } from "./guide.ts";

/** The stacks of an environment as its files are now, and which of them are deployed like that. */
export class Stacks {
  private readonly environment: Environment;
  private readonly folder: string;
  private readonly say: (line: string) => void;
  private place: Place | undefined;
  private synthesized: readonly Stack[] = [];

  constructor(environment: Environment, say: (line: string) => void) {
    this.environment = environment;
    this.say = say;
    // Kept from run to run: until its bucket stands, the first stack's state is a file in it.
    this.folder = join(cacheFolder, "deploy", environment.name);
    mkdirSync(join(this.folder, "logs"), { recursive: true });
  }

  async synthesize(): Promise<void> {
    this.place ??= await placeOf(this.folder);
    const stacks = await synthesize(this.place.site, {
      command: "node stacks/main.ts",
      env: { CAMPUS_ENVIRONMENT: this.environment.name },
    });
    // The manifest has them by name, and one region may stand on the other.
    this.synthesized = layers(stacks).flat();
  }

  /** In the order in which they stand on each other. */
  stepsOf(part: string, takes = ""): readonly Step[] {
    const names = this.synthesized.map(({ name }) => name).filter((name) => name.endsWith(`-${part}`));
    return names.map((name) => ({
      name,
      says: `the stack is deployed${takes}`,
      done: async () => (this.deployed()[name] === this.digestOf(this.stack(name)) ? "stands as its code says" : undefined),
      run: async () => {
        const stack = this.stack(name);
        await (part === "bootstrap" && !(await this.hasState(name)) ? this.deployFirst(stack) : this.deploy(stack));
        this.keep(name, this.digestOf(stack));
      },
    }));
  }

  /** Of a stack only what stands below this construct, and what that needs. */
  async applyOnly(name: string, construct: string): Promise<void> {
    const stack = this.stack(name);
    const { resource } = readConfiguration(stack);
    const targets = Object.entries(isObject(resource) ? resource : {}).flatMap(([type, named]) =>
      Object.entries(isObject(named) ? named : {})
        .filter(([, body]) => JSON.stringify((body as Record<string, unknown>)["//"] ?? "").includes(`"${name}/${construct}`))
        .map(([id]) => `-target=${type}.${id}`),
    );
    const { site } = this.mustPlace();
    this.must(stack, await terraform(site, stack, "init", "-input=false", "-no-color"));
    this.must(stack, await terraform(site, stack, "apply", "-input=false", "-no-color", "-auto-approve", ...targets));
  }

  private async deployFirst(stack: Stack): Promise<void> {
    const { site } = this.mustPlace();
    const deploy = async () => {
      this.must(stack, await cdktf(site, "deploy", stack));
      return true;
    };
    if (!(await deployBootstrap(site, stack, deploy)))
      throw new PlainError(`the state of ${stack.name} could not be moved into its bucket: ${site.logFolder}/${stack.name}.log says why.`);
  }

  private async deploy(stack: Stack): Promise<void> {
    this.must(stack, await cdktf(this.mustPlace().site, "deploy", stack));
  }

  private must(stack: Stack, { code, lines }: Outcome): void {
    if (code === 0) return;
    const at = lines.findIndex((line) => line.includes("Error:"));
    const shown = lines.slice(Math.max(at, lines.length - 12, 0), Math.max(at, 0) + 12).map((line) => line.trim());
    for (const line of shown.filter((one) => one !== "")) this.say(`        ${line}`);
    throw new PlainError(`${stack.name} was not deployed: ${this.mustPlace().site.logFolder}/${stack.name}.log has the whole story.`);
  }

  private mustPlace(): Place {
    if (!this.place) throw new Error("nothing is synthesized yet");
    return this.place;
  }

  private stack(name: string): Stack {
    const found = this.synthesized.find((stack) => stack.name === name);
    if (!found) throw new PlainError(`there is no stack ${name}.`);
    return found;
  }

  private readonly digestOf = (stack: Stack): string =>
    createHash("sha256")
      .update(readFileSync(join(stack.folder, "cdk.tf.json")))
      .digest("hex");

  private async hasState(name: string): Promise<boolean> {
    const [{ region }] = regionPlans(this.environment);
    const account = process.env.CAMPUS_ACCOUNT_ID ?? this.environment.accountId;
    const Bucket = bucketName({ environment: this.environment.name, place: "global", part: "state" }, account);
    const s3 = new S3Client({ ...clientSettings(region), forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });
    return s3.send(new HeadObjectCommand({ Bucket, Key: `${name}.tfstate` })).then(
      () => true,
      () => false,
    );
  }

  private get recordFile(): string {
    return join(this.folder, "deployed.json");
  }

  /** Which code each stack was last deployed with from here; without it a stack is deployed once more, which changes nothing. */
  private deployed(): Readonly<Record<string, string>> {
    return existsSync(this.recordFile) ? JSON.parse(readFileSync(this.recordFile, "utf8")) : {};
  }

  private keep(name: string, digest: string): void {
    writeFileSync(this.recordFile, JSON.stringify({ ...this.deployed(), [name]: digest }, null, 2));
  }
}
