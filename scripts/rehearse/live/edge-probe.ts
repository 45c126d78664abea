// What the edge answers, in namespaces of its own, on two regions of which one is lost: started by edge.test.ts.
import type { IncomingMessage } from "node:http";
import { createServer, get } from "node:https";
import { makeCertificates } from "../../machine/certificates.ts";
import { type Distribution, startEdge } from "./edge.ts";
import type { Functions } from "./edge-functions.ts";
import { startNameServer, useNameServer } from "./names.ts";
import { bringUpLoopback, buildNetworks, cutOff, edge, type Place } from "./places.ts";
import { until } from "./telling.ts";

const [folder = "", given = ""] = process.argv.slice(2);
const { distribution, functions, paths } = JSON.parse(given) as Given;

export type Given = { readonly distribution: Distribution; readonly functions: Functions; readonly paths: readonly string[] };

const placeOf = (number: number, region: string): Place => ({
  ...{ region, place: region, bridge: `vpc${number}`, gateway: `10.${number}.0.1`, prefix: 16 },
  ...{ aws: `10.200.${number}.1`, balancer: `10.200.${number}.2`, database: `10.200.${number}.3`, cache: `10.200.${number}.4` },
});
const north = placeOf(1, "eu-north-1");
const south = placeOf(2, "eu-south-1");

const ask = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = path.includes("/ws/") ? { Connection: "Upgrade", Upgrade: "websocket" } : {};
    const asked = get({ host: edge, servername: "campus.example", rejectUnauthorized: false, path, headers }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => {
        body += chunk;
      });
      answer.on("end", () => resolve(answer.statusCode === 200 ? body : JSON.stringify(answer.headers.location ?? answer.statusCode)));
    });
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(String(answer.headers["x-heard"]));
    });
    asked.on("error", reject);
  });

bringUpLoopback();
buildNetworks([north, south]);
const names = await startNameServer(folder, [north, south]);
useNameServer(folder);
names.publish(new Map([["origin.campus.example", north.balancer]]));
const buckets = [north, south].map(({ region }) => `*.s3.${region}.amazonaws.com`);
const { key, certificate, certificateFile, keyFile } = makeCertificates(folder, [...buckets, "origin.campus.example", "campus.example"]);
for (const { region, aws, balancer } of [north, south])
  for (const host of [aws, balancer]) {
    const heard = ({ url, headers }: IncomingMessage) =>
      JSON.stringify({ region, url, for: headers["x-forwarded-for"], key: headers["x-key"], token: headers.authorization?.slice(0, 12) });
    const server = createServer({ key, cert: certificate }, (request, response) => {
      response.writeHead(request.url?.includes("south-alone") && host === north.aws ? 403 : 200).end(heard(request));
    });
    server.on("upgrade", (request, socket) => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Heard: ${heard(request)}\r\n\r\n`);
    });
    server.listen(443, host);
  }
await startEdge(distribution, functions, { folder, certificate: certificateFile, key: keyFile, authority: `${folder}/authority.pem` });
await until("the edge answers", 30_000, async () => (await ask("/api/v1/a")) !== "");

const all = async () => Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await ask(path)])));
const before = await all();
cutOff(north);
process.stdout.write(`${JSON.stringify({ before, after: await all() })}\n`);
process.exit(0);
