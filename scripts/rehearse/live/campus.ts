import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../../../app/local/cluster.ts";
import type { Demo } from "../../../app/local/demo/demo.ts";
import { databaseAccess } from "../../../app/local/roles.ts";
import { startSandbox } from "../../../app/local/sandbox/server.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import type { Certificates } from "../../machine/certificates.ts";
import { appEnvironment } from "../../start/environment.ts";
import { root } from "../places.ts";
import { edge, gateway } from "./places.ts";
import { startWires } from "./wires.ts";

export type Answer = { readonly status: number; readonly body: string; readonly retryAfterSeconds: number };

/** As long as a load balancer waits; this machine may be busy. */
const answerWithinMs = 60_000;

/** Asks the site as a browser does, its certificate checked; only the name is resolved by us, since this machine's resolver stays as it is. */
export class Site {
  /** What had to be sent more than once, and why. */
  readonly repeats = new Map<string, number>();
  readonly url: string;
  private readonly host: string;
  private readonly authority: string;
  private readonly address: string;
  private readonly headers: Readonly<Record<string, string>>;

  /** At the edge, unless it is said where and with what. */
  constructor(host: string, authority: string, address = edge, headers: Readonly<Record<string, string>> = {}) {
    this.url = `https://${host}`;
    this.host = host;
    this.authority = authority;
    this.address = address;
    this.headers = headers;
  }

  ask(method: string, path: string, as?: string, body?: unknown, key?: string): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      host: this.host,
      ...this.headers,
      ...(as && { authorization: as }),
      ...(key && { "idempotency-key": key }),
      ...(text && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const options = { host: this.address, servername: this.host, path, method, headers, ca: this.authority, timeout: answerWithinMs };
      const asked = request(options, (response) => {
        let answer = "";
        response.on("data", (part) => {
          answer += part;
        });
        const retryAfterSeconds = Number(response.headers["retry-after"] ?? 0);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: answer, retryAfterSeconds }));
        response.on("error", reject);
      });
      asked.on("timeout", () => asked.destroy(new Error(`no answer in ${answerWithinMs / 1_000} s`)));
      asked.on("error", reject).end(text);
    });
  }

  /** The answer's body, which has to come with one of these. */
  async must<T>(expected: readonly number[], method: string, path: string, as?: string, body?: unknown): Promise<T> {
    return bodyOf(await this.ask(method, `/api/v1${path}`, as, body), expected, `${method} ${path}`);
  }

  /**
   * As docs/idempotency.md asks of every client: without an answer, or with one that asks for patience, the same is sent again under
   * the same key. What was not answered at first is counted in `repeats`, by what came instead.
   */
  async insist<T>(expected: readonly number[], method: string, path: string, as: string, body?: unknown): Promise<T> {
    const key = randomUUID();
    const deadline = performance.now() + insistMs;
    for (;;) {
      const answer = await this.ask(method, `/api/v1${path}`, as, body, key).catch((error: Error) => error);
      const failed = answer instanceof Error ? answer.message : asksForPatience(answer) ? String(answer.status) : undefined;
      if (!(answer instanceof Error) && failed === undefined) return bodyOf(answer, expected, `${method} ${path}`);
      const what = `${method} ${path.replace(/[0-9a-f-]{36}/, "{id}")}: ${failed}`;
      this.repeats.set(what, (this.repeats.get(what) ?? 0) + 1);
      if (performance.now() > deadline) throw new Error(`${what}, for ${insistMs / 1_000} s.`);
      await pause((answer instanceof Error ? 0.2 : Math.max(answer.retryAfterSeconds, 0.2)) * 1_000);
    }
  }
}

const insistMs = 120_000;
const asksForPatience = ({ status, retryAfterSeconds }: Answer): boolean =>
  status >= 500 || status === 429 || status === 202 || (status === 409 && retryAfterSeconds > 0);

const bodyOf = <T>({ status, body }: Answer, expected: readonly number[], what: string): T => {
  if (!expected.includes(status)) throw new Error(`${what} was answered ${status}, not ${expected.join(" or ")}: ${body.slice(0, 300)}`);
  return JSON.parse(body) as T;
};

export const smsProvider = "control.msg91.com";

/** MSG91 as its page documents it: a template, recipients with a code, an answer that says success. Gives back the newest code of a number, and keeps all in a file. */
export const startSmsProvider = (
  address: string,
  { certificate: cert, key }: Certificates,
  file: string,
): Promise<(phone: string) => string | undefined> => {
  const codes = new Map<string, string>();
  const server = createServer({ cert, key }, async (asked, response) => {
    const parts: Buffer[] = [];
    for await (const part of asked) parts.push(part);
    const respond = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (!asked.headers.authkey) return respond(401, { type: "error", message: "Authentication failure" });
    const { recipients = [] } = JSON.parse(Buffer.concat(parts).toString()) as { recipients?: { mobiles: string; OTP: string }[] };
    for (const { mobiles, OTP } of recipients) {
      codes.set(`+${mobiles}`, OTP);
      appendFileSync(file, `+${mobiles} ${OTP}\n`);
    }
    respond(200, { type: "success", message: randomUUID().replaceAll("-", "") });
  });
  return new Promise((resolve, reject) => server.once("error", reject).listen(443, address, () => resolve((phone) => codes.get(phone))));
};

export const paymentGateway = "api.razorpay.com";

/** The gateway's stand-in, which answers as the real one's pages say, at the real one's name. */
export const startGateway = async (folder: string, id: string, secret: string, certificate: string): Promise<void> => {
  const { port } = await startSandbox({ port: 0, gatewayKey: { id, secret } });
  await startWires(folder, "gateway", [{ from: { host: gateway, port: 443 }, to: { host: "127.0.0.1", port }, certificate }]);
};

export const objectsOf = (folder: string): string => join(folder, "objects");

/** The demo campus: students with money and cards, cafés with tills and menus. */
export const seedCampus = (folder: string, host: string, cluster: Cluster, secrets: LocalSecrets, redisUrl: string): Promise<Demo> => {
  const { appUrl, ownerUrl } = databaseAccess(cluster, "campus");
  const services = {
    databaseUrl: appUrl,
    databasePassword: secrets.appPassword,
    ownerUrl,
    ownerPassword: secrets.ownerPassword,
    redisUrl,
    redisPassword: secrets.redisPassword,
  };
  const addresses = { baseUrl: `https://${host}`, sandboxUrl: "http://127.0.0.1:9", objectFolder: objectsOf(folder) };
  const env = appEnvironment(secrets, services as unknown as Parameters<typeof appEnvironment>[1], addresses);
  return new Promise((resolve, reject) => {
    let said = "";
    let complaint = "";
    const child = spawn(process.execPath, [join(root, "app/local/demo/seed.ts")], { env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (part) => {
      said += part;
    });
    child.stderr.on("data", (part) => {
      complaint += part;
    });
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(said.trim().split("\n").at(-1) ?? "") as Demo);
      else reject(new Error(`the demo campus was not made: ${complaint.slice(-500)}`));
    });
  });
};

export type Receipt = { readonly receipt_id: string; readonly order_id: string; readonly balance_minor_after: number };

export type Student = { readonly token: string; readonly refreshToken: string; readonly cardUid: string };

type Tokens = { readonly access_token: string; readonly refresh_token: string };

/** The next tokens of a session; those of before run out by themselves. */
export const refresh = async (site: Site, { refreshToken, cardUid }: Student): Promise<Student> => {
  const next = await site.must<Tokens>([200], "POST", "/auth/refresh", undefined, { refresh_token: refreshToken });
  return { token: `Bearer ${next.access_token}`, refreshToken: next.refresh_token, cardUid };
};

export const logIn = async (site: Site, demo: Demo, codeOf: (phone: string) => string | undefined, index: number): Promise<Student> => {
  const student = demo.students.filter(({ card_uid }) => card_uid !== null)[index];
  if (!student?.card_uid) throw new Error(`the demo campus has no student number ${index + 1} with a card.`);
  const { phone, card_uid: cardUid } = student;
  const deadline = performance.now() + 60_000;
  // A process that has just started may be asked before it listens: a person taps again.
  const asksForCode = () =>
    site.ask("POST", "/api/v1/auth/request-otp", undefined, { phone }).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await asksForCode())) {
    if (performance.now() > deadline) throw new Error("no one-time password could be asked for within 60 s.");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  while (codeOf(phone) === undefined) {
    if (performance.now() > deadline) throw new Error("no one-time password was sent within 60 s.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const verified = await site.must<Tokens>([200], "POST", "/auth/verify-otp", undefined, { phone, otp: codeOf(phone) });
  return { token: `Bearer ${verified.access_token}`, refreshToken: verified.refresh_token, cardUid };
};

/** One portion of the cheapest that the first café has. */
export const orderIn = (demo: Demo) => {
  const cafe = demo.cafes.find(({ items }) => items.length > 0);
  const item = [...(cafe?.items ?? [])].sort((one, other) => one.price_minor - other.price_minor)[0];
  return { cafe_id: cafe?.id, items: [{ menu_item_id: item?.id, quantity: 1 }] };
};

/** From an order to its receipt, as the phone and the till do it. */
export const pay = async (site: Site, demo: Demo, { token, cardUid }: Student): Promise<Receipt> => {
  const ordered = orderIn(demo);
  const device = demo.devices.find(({ cafe_id }) => cafe_id === ordered.cafe_id);
  const { order } = await site.insist<{ order: { id: string } }>([201], "POST", "/orders", token, ordered);
  type Scan = { charge: { id: string }; match_code: string };
  const till = `Device ${device?.id}.${device?.key}`;
  const scanned = { scan_id: randomUUID(), card_uid: cardUid, order_id: order.id };
  const { charge, match_code } = await site.insist<Scan>([200, 201], "POST", "/pos/scans", till, scanned);
  const { items } = await site.insist<{ items: { id: string; digest: string }[] }>([200], "GET", "/charges/open", token);
  const digest = items.find(({ id }) => id === charge.id)?.digest;
  return site.insist<Receipt>([200], "POST", `/charges/${charge.id}/confirm`, token, { digest, number_match: match_code });
};
