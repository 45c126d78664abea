import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";

test("in a terminal the code of the authenticator app is asked for when it is needed, and sent as it was typed", async () => {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await json(request));
    response.end(JSON.stringify({ access_token: "token" }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = `import(${JSON.stringify(path.join(import.meta.dirname, "staff-api.ts"))}).then(({ logIn }) => logIn("${url}"))`;
  // A terminal of its own, as `script` of every Debian gives one.
  const terminal = spawn("script", ["-qec", `'${process.execPath}' -e '${program}'`, "/dev/null"], {
    env: { PATH: process.env.PATH, CAMPUS_USERNAME: "finance", CAMPUS_PASSWORD: "secret" },
  });
  let shown = "";
  terminal.stdout.on("data", (text: Buffer) => {
    shown += text.toString();
    if (shown.includes("shows now") && !shown.includes("123 456")) terminal.stdin.write("123 456\n");
  });
  const code = await new Promise((resolve) => terminal.once("exit", resolve));
  server.close();
  expect({ code, bodies }, shown).toEqual({ code: 0, bodies: [{ username: "finance", password: "secret", totp: "123456" }] });
});
