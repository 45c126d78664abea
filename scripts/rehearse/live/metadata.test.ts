import { expect, test } from "vitest";
import { listenLocally } from "../../../app/local/ports.ts";
import type { Ask } from "./ask.ts";
import { metadataServer } from "./metadata.ts";

const machine = {
  instanceId: "i-1",
  region: "eu-north-1",
  roleArn: "arn:aws:iam::000000000042:role/campus-machine",
  userData: "",
  lifecycleState: () => "InService",
};

test("a machine's keys are there at once after the first time, however slow the world is: the SDK gives up after a second", async () => {
  let asked = 0;
  // Answers the first question, and no other one ever.
  const world = (() => {
    asked += 1;
    const Credentials = { AccessKeyId: "ASIA1", SecretAccessKey: "s", SessionToken: "t", Expiration: "" };
    return asked === 1 ? Promise.resolve({ Credentials }) : new Promise(() => undefined);
  }) as Ask;
  const server = metadataServer(world, () => machine);
  const address = `http://127.0.0.1:${await listenLocally(server)}/latest`;
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  const token = await (await fetch(`${address}/api/token`, { method: "PUT", headers })).text();
  const keys = async () => {
    const place = `${address}/meta-data/iam/security-credentials/campus-machine`;
    return ((await (await fetch(place, { headers: { "X-aws-ec2-metadata-token": token } })).json()) as { AccessKeyId: string }).AccessKeyId;
  };
  expect([await keys(), await keys(), await keys()]).toEqual(["ASIA1", "ASIA1", "ASIA1"]);
  expect((await fetch(`${address}/meta-data/instance-id`)).status).toBe(401);
  server.close();
});
