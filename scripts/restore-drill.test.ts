import { CreateLaunchTemplateCommand, DescribeInstanceAttributeCommand, DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateDBSnapshotCommand } from "@aws-sdk/client-rds";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../app/testing/platform.ts";
import { bootScript } from "../stacks/user-data.ts";
import { type PilotWorld, startPilotWorld } from "./failover/world.ts";

const north = "eu-north-1";
const withinMs = 300_000;
let world: PilotWorld | undefined;
const pilot = (): PilotWorld => {
  if (!world) throw new Error("no world");
  return world;
};
const ec2 = () => new EC2Client({ region: north, endpoint: pilot().endpoint });

beforeAll(async () => {
  world = await startPilotWorld();
  if (!world) return;
  const userData = bootScript({
    artifactBucket: "artifacts",
    artifactSha256: "a".repeat(64),
    region: north,
    program: "migrate",
    environment: {
      DATABASE_URL: "postgres://campus_app@campus-pilot-north-main.rds.example:5432/campus",
      MIGRATION_PARAMETER: "/campus/pilot/migration",
    },
  });
  await ec2().send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: "campus-pilot-north-migrator",
      LaunchTemplateData: { ImageId: "ami-12c6146b", InstanceType: "t4g.small", UserData: Buffer.from(userData).toString("base64") },
    }),
  );
}, withinMs);
afterAll(() => world?.stop());

interface Running {
  readonly id: string;
  readonly userData: string;
}

/** Machines of nobody's group that are not ended. */
async function oneShots(): Promise<Running[]> {
  const { Reservations = [] } = await ec2().send(new DescribeInstancesCommand({}));
  const alone = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State, Tags = [] }) => State?.Name === "running" && !Tags.some(({ Key }) => Key === "aws:autoscaling:groupName"),
  );
  return Promise.all(
    alone.map(async ({ InstanceId = "" }) => {
      const asked = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "userData" });
      const { UserData } = await ec2().send(asked);
      return { id: InstanceId, userData: Buffer.from(UserData?.Value ?? "", "base64").toString() };
    }),
  );
}

/** As the drill's machine ends: what its user data made it is returned. */
async function playMachine(outcome: { readonly ok: boolean; readonly line: string }): Promise<string> {
  const { userData } = await until("the drill's machine", async () => (await oneShots())[0], withinMs);
  await new SSMClient({ region: north, endpoint: pilot().endpoint }).send(
    new PutParameterCommand({
      Name: "/campus/pilot/restore-drill",
      Value: JSON.stringify({ ...outcome, artifact: "a", at: new Date().toISOString() }),
      Type: "String",
      Overwrite: true,
    }),
  );
  return userData;
}

const namesLeft = async () => (await pilot().databases(north)).map(({ name }) => name);

test(
  "without a snapshot there is nothing to drill",
  async ({ skip }) => {
    if (!world) return skip();
    expect(await pilot().run("restore-drill", ["pilot", "--region", "eu-south-1"])).toMatchObject({
      code: 1,
      said: expect.stringContaining("eu-south-1 has no snapshot of campus-pilot-south-main"),
    });
  },
  withinMs,
);

test(
  "the newest snapshot is restored, a machine asks it and not the one that serves, and nothing is left",
  async ({ skip }) => {
    if (!world) return skip();
    for (const DBSnapshotIdentifier of ["of-yesterday", "of-today"])
      await pilot()
        .rds(north)
        .send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "campus-pilot-north-main", DBSnapshotIdentifier }));
    const drill = pilot().run("restore-drill", ["pilot"]);
    const userData = await playMachine({ ok: true, line: "the books are sound: 24 invariants, 12 transactions" });
    const ended = await drill;
    expect(ended).toMatchObject({ code: 0, said: expect.stringContaining("the books are sound: 24 invariants") });
    expect(ended.said).toMatch(/of-today of \S+, 0\.0 h old/);
    expect(ended.said).toMatch(/from the command to checked books: 0 min \d+ s/);
    expect(userData).toMatch(/^DATABASE_URL=postgres:\/\/campus_app@campus-pilot-north-main-drill\.\S+:5432\/campus$/m);
    expect(userData).toMatch(/^MIGRATION_PARAMETER=\/campus\/pilot\/restore-drill$/m);
    expect(userData).toMatch(/\/host\/check$/m);
    expect(await namesLeft()).toEqual(["campus-pilot-north-main"]);
    expect(await oneShots()).toEqual([]);
  },
  withinMs,
);

test(
  "broken books end it with 1, Ctrl-C with 130: both leave nothing behind",
  async ({ skip }) => {
    if (!world) return skip();
    const drill = pilot().run("restore-drill", ["pilot"]);
    await playMachine({ ok: false, line: "BROKEN: I3 (1)" });
    expect(await drill).toMatchObject({ code: 1, said: expect.stringContaining("BROKEN: I3 (1)") });
    const stopped = await pilot().run("restore-drill", ["pilot"], /machine \S+ started/);
    expect(stopped).toMatchObject({ code: 130, said: expect.stringContaining("campus-pilot-north-main-drill is removed") });
    expect(await namesLeft()).toEqual(["campus-pilot-north-main"]);
    expect(await oneShots()).toEqual([]);
  },
  withinMs,
);
