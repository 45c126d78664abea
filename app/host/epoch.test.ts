import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, expect, test } from "vitest";
import { startS3World } from "../testing/s3-world.ts";
import { epochClient, keepEpoch, readEpoch } from "./epoch.ts";

const folder = mkdtempSync(path.join(tmpdir(), "campus-epoch-"));
const world = await startS3World();
afterAll(() => {
  world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const Name = "/campus/test/epoch";
const client = (region: string, endpoint = world?.env.S3_URL as string) => new SSMClient({ region, endpoint, maxAttempts: 1 });
const say = (region: string, Value: string) =>
  client(region).send(new PutParameterCommand({ Name, Value, Type: "String", Overwrite: true }));

test.skipIf(!world)("the highest epoch of any region counts, and one that is lost or has none stops nobody", async () => {
  const [north, south, lost] = [client("eu-north-1"), client("eu-south-1"), client("eu-north-1", "http://127.0.0.1:9")];
  expect(await readEpoch([north, south, lost], Name)).toBeUndefined();
  await say("eu-north-1", '{"epoch": 1, "writer": "eu-north-1"}');
  expect(await readEpoch([north, south], Name)).toEqual({ epoch: 1, writer: "eu-north-1" });
  await say("eu-south-1", '{"epoch": 2, "writer": "eu-south-1"}');
  // As the north asks that comes back, and as the south asks while the north is away.
  expect(await readEpoch([north, south], Name)).toEqual({ epoch: 2, writer: "eu-south-1" });
  expect(await readEpoch([lost, south], Name)).toEqual({ epoch: 2, writer: "eu-south-1" });
  await say("eu-south-1", "nonsense");
  expect(await readEpoch([north, south], Name)).toEqual({ epoch: 1, writer: "eu-north-1" });
});

test.skipIf(!world)(
  "a region that is lost behind a connection that stands holds up nobody: the other's epoch is heard within seconds",
  async () => {
    // It takes what is sent, and says nothing.
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const lost = epochClient("eu-north-1", `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await say("eu-south-1", '{"epoch": 7, "writer": "eu-south-1"}');
    expect(await readEpoch([lost, client("eu-south-1")], Name)).toEqual({ epoch: 7, writer: "eu-south-1" });
    silent.closeAllConnections();
    silent.close();
  },
  25_000,
);

test("a machine keeps the epoch for its processes, says what is news, and goes to no lower one", () => {
  const file = path.join(folder, "epoch");
  expect(keepEpoch(file, { epoch: 2, writer: "eu-south-1" })).toBe(true);
  expect(keepEpoch(file, { epoch: 2, writer: "eu-south-1" })).toBe(false);
  expect(keepEpoch(file, { epoch: 1, writer: "eu-north-1" })).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("CAMPUS_EPOCH=2\nCAMPUS_WRITER=eu-south-1\n");
  expect(keepEpoch(file, { epoch: 3, writer: "eu-north-1" })).toBe(true);
});
