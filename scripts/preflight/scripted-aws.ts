import { createServer, type IncomingMessage, type Server } from "node:http";
import { listenLocally } from "../../app/local/ports.ts";

/** What a scripted AWS says to one action: a body in the action's own format, or a refusal. */
export type Answer = { readonly body: string; readonly status?: number };
export type Script = Readonly<Record<string, Answer | ((body: string, region: string) => Answer)>>;

/** A server on loopback that answers the few questions of preflight as the script says: for cases that no simulator knows. */
export class ScriptedAws {
  readonly asked: string[] = [];
  private readonly server: Server;
  private script: Script = {};

  constructor() {
    this.server = createServer((request, response) => {
      void this.answer(request).then(({ body, status = 200 }) => {
        const json = request.headers["x-amz-target"] !== undefined || mailPath.test(request.url ?? "");
        response.writeHead(status, { "content-type": json ? "application/x-amz-json-1.1" : "text/xml" }).end(body);
      });
    });
  }

  async listen(): Promise<string> {
    return `http://127.0.0.1:${await listenLocally(this.server)}`;
  }

  play(script: Script): void {
    this.script = script;
    this.asked.length = 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const action = actionOf(request, body);
    const region = /Credential=[^/]+\/\d+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "";
    this.asked.push(`${action} ${region}`);
    const scripted = this.script[action];
    if (!scripted)
      return {
        status: 400,
        body: `<Response><Errors><Error><Code>NotScripted</Code><Message>${action}</Message></Error></Errors></Response>`,
      };
    return typeof scripted === "function" ? scripted(body, region) : scripted;
  }
}

/** SES speaks JSON by path alone. */
const mailPath = /^\/v2\/email\/(account|identities)/;

function actionOf(request: IncomingMessage, body: string): string {
  const target = request.headers["x-amz-target"];
  if (typeof target === "string") return target.split(".").at(-1) ?? target;
  const query = /(?:^|&)Action=(\w+)/.exec(body)?.[1];
  if (query) return query;
  const mail = mailPath.exec(request.url ?? "")?.[1];
  if (mail) return mail === "account" ? "GetAccount" : "GetEmailIdentity";
  return request.url?.includes("hostedzonesbyname") ? "ListHostedZonesByName" : "GetHostedZone";
}
