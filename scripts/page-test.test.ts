import { createServer } from "node:http";
import { expect, test } from "vitest";
import { listenLocally } from "../app/local/ports.ts";
import { type Environment, environments } from "../regions/index.ts";
import { resourcesOf, synthesizeCampus } from "../stacks/rules/synthesized.ts";
import { sendTestPage, topicsOf } from "./page-test.ts";

const pilot = environments.pilot as Environment;

test("the test page goes to topics that the stacks make", () => {
  const made = resourcesOf(synthesizeCampus(pilot), "aws_sns_topic").map(({ body }) => body.name);
  for (const { arn } of [...topicsOf(pilot, "page"), ...topicsOf(pilot, "ticket")]) expect(made).toContain(arn.split(":").at(-1));
});

test("it is sent once to each region's topic, and one that refuses is named", async () => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const topic = new URLSearchParams(body).get("TopicArn") ?? "";
      asked.push(topic);
      const refused = topic.includes("ticket");
      answer.writeHead(refused ? 404 : 200, { "Content-Type": "text/xml" });
      answer.end(
        refused
          ? '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>'
          : '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
      );
    });
  });
  const endpoint = `http://127.0.0.1:${await listenLocally(server)}`;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  try {
    expect(await sendTestPage(pilot, "page", endpoint)).toEqual(["eu-north-1: m-1", "eu-south-1: m-1"]);
    expect(asked).toEqual(topicsOf(pilot, "page").map(({ arn }) => arn));
    await expect(sendTestPage(pilot, "ticket", endpoint)).rejects.toThrow(/alarms-ticket did not take the test: Topic does not exist/);
  } finally {
    server.close();
  }
});
