import { createServer } from "node:http";
import { EC2Client } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { listenLocally } from "../../app/local/ports.ts";
import { rulesByHand } from "./rules-by-hand.ts";

const state = [
  { address: "aws_security_group.api", type: "aws_security_group", mode: "managed", values: { id: "sg-1" } },
  {
    address: "aws_vpc_security_group_ingress_rule.api",
    type: "aws_vpc_security_group_ingress_rule",
    mode: "managed",
    values: { security_group_rule_id: "sgr-1" },
  },
];

const item = (id: string, port: number) =>
  `<item><securityGroupRuleId>${id}</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>${port}</fromPort><toPort>${port}</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4></item>`;

const ec2Answering = async (...items: readonly string[]) => {
  const body = `<DescribeSecurityGroupRulesResponse><securityGroupRuleSet>${items.join("")}</securityGroupRuleSet></DescribeSecurityGroupRulesResponse>`;
  const server = createServer((_, response) => response.setHeader("Content-Type", "text/xml").end(body));
  const endpoint = `http://127.0.0.1:${await listenLocally(server)}`;
  const client = new EC2Client({ region: "eu-north-1", endpoint, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  return { client, [Symbol.asyncDispose]: async () => void server.close() };
};

test("a rule that no state knows is found and told in words", async () => {
  await using ec2 = await ec2Answering(item("sgr-1", 443), item("sgr-2", 22));
  expect(await rulesByHand(state, ec2.client)).toEqual([{ groupId: "sg-1", ruleId: "sgr-2", text: "from 0.0.0.0/0, tcp 22-22" }]);
});

test("rules that a state knows are left alone", async () => {
  await using ec2 = await ec2Answering(item("sgr-1", 443));
  expect(await rulesByHand(state, ec2.client)).toEqual([]);
});
