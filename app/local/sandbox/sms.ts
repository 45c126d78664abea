import { randomBytes, randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { envelope, parseOrRefuse, readJson } from "./answers.ts";
import type { FaultMet, Faults } from "./faults.ts";
import { type MessageLog, withOtp } from "./message-log.ts";

interface Deps {
  readonly messages: MessageLog;
  readonly faults: Faults;
}

/** One door per provider, each answering as that provider does, and a plain one for the sandbox sender. */
export const smsRoutes = (deps: Deps): Hono => {
  const routes = new Hono();
  const meet = (c: Context): Promise<FaultMet> => deps.faults.meet("sms", c.req.raw.signal);
  const record = (to: string, text: string, extra: Record<string, string> = {}): string =>
    deps.messages.add({ channel: "sms", to, text, data: withOtp(text, extra) }).id;

  routes.post("/sandbox/sms", async (c) => plain(c, await meet(c), record));
  routes.post("/sandbox/sms/twilio/2010-04-01/Accounts/:accountSid/Messages.json", async (c) => twilio(c, await meet(c), record));
  routes.post("/sandbox/sms/msg91/api/v5/flow", async (c) => msg91(c, await meet(c), record));
  routes.post("/sandbox/sms/sns", async (c) => sns(c, await meet(c), record));
  routes.post("/sandbox/sms/sns/", async (c) => sns(c, await meet(c), record));

  return routes;
};

type RecordSms = (to: string, text: string, extra?: Record<string, string>) => string;

const plainBody = z.strictObject({ to: z.string().min(1), text: z.string().min(1), data: z.record(z.string(), z.string()).default({}) });

const plain = async (c: Context, fault: FaultMet, record: RecordSms): Promise<Response> => {
  if (fault === "500") return c.json(envelope("INTERNAL_ERROR", "The SMS stand-in was told to fail."), 500);
  if (fault === "unregistered") return c.json(envelope("VALIDATION_ERROR", "The SMS stand-in was told to refuse the number."), 400);
  const body = parseOrRefuse(plainBody, await readJson(c));
  return c.json({ id: record(body.to, body.text, body.data) }, 201);
};

const twilio = async (c: Context, fault: FaultMet, record: RecordSms): Promise<Response> => {
  const refuse = (status: 400 | 401 | 500, code: number, message: string) =>
    c.json({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, status);
  if (fault === "500") return refuse(500, 20500, "Internal Server Error");
  if (!c.req.header("authorization")?.startsWith("Basic ")) return refuse(401, 20003, "Authenticate");
  const form = new URLSearchParams(await c.req.text());
  const [to, from, text] = [form.get("To"), form.get("From") ?? form.get("MessagingServiceSid"), form.get("Body")];
  if (fault === "unregistered" || !to?.startsWith("+")) return refuse(400, 21211, `Invalid 'To' Phone Number: ${to ?? ""}`);
  if (!from) return refuse(400, 21603, "A 'From' phone number is required.");
  if (!text) return refuse(400, 21602, "Message body is required.");
  record(to, text);
  const sid = `SM${randomBytes(16).toString("hex")}`;
  return c.json({ sid, account_sid: c.req.param("accountSid"), to, from, body: text, status: "queued", error_code: null }, 201);
};

const flowBody = z.object({
  template_id: z.string().min(1),
  recipients: z.array(z.object({ mobiles: z.string().regex(/^\d{6,15}$/) }).catchall(z.string())).min(1),
});

const msg91 = async (c: Context, fault: FaultMet, record: RecordSms): Promise<Response> => {
  if (fault === "500") return c.json({ type: "error", message: "Internal server error" }, 500);
  if (!c.req.header("authkey")) return c.json({ type: "error", message: "Missing Authentication Key", code: "106" }, 401);
  const body = flowBody.safeParse(await c.req.json().catch(() => undefined));
  // MSG91 says "error" in the body of a 200 for most of what it refuses.
  if (fault === "unregistered" || !body.success)
    return c.json({ type: "error", message: "Invalid mobile number or template", code: "400" });
  for (const { mobiles, ...variables } of body.data.recipients) {
    record(`+${mobiles}`, `template ${body.data.template_id}: ${Object.values(variables).join(" ")}`);
  }
  return c.json({ type: "success", message: randomBytes(12).toString("hex") });
};

const sns = async (c: Context, fault: FaultMet, record: RecordSms): Promise<Response> => {
  const refuse = (status: 400 | 403 | 500, code: string, message: string) =>
    c.body(
      `<ErrorResponse xmlns="${snsNamespace}"><Error><Type>${status === 500 ? "Receiver" : "Sender"}</Type><Code>${code}</Code>` +
        `<Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
      status,
      { "Content-Type": "text/xml" },
    );
  if (fault === "500") return refuse(500, "InternalError", "The SNS stand-in was told to fail.");
  if (!c.req.header("authorization")?.startsWith("AWS4-HMAC-SHA256 ")) return refuse(403, "MissingAuthenticationToken", "Not signed");
  const form = new URLSearchParams(await c.req.text());
  const [to, text] = [form.get("PhoneNumber"), form.get("Message")];
  if (form.get("Action") !== "Publish") return refuse(400, "InvalidAction", "Only Publish stands here.");
  if (fault === "unregistered" || !to?.startsWith("+") || !text) return refuse(400, "InvalidParameter", "Invalid parameter: PhoneNumber");
  record(to, text);
  return c.body(
    `<PublishResponse xmlns="${snsNamespace}"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`,
    200,
    { "Content-Type": "text/xml" },
  );
};

const snsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
