import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../local/sandbox/server.ts";
import { createSmsSender, type SmsOptions } from "./create-sms-sender.ts";
import { SmsRefused } from "./sender.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, gatewayKey: { id: "key", secret: "secret" } });
});
afterEach(() => sandbox.close());

const optionsOf = (provider: Exclude<SmsOptions["provider"], "none">): SmsOptions => {
  switch (provider) {
    case "sandbox":
      return { provider, baseUrl: sandbox.url };
    case "twilio":
      return {
        provider,
        accountSid: "AC1",
        from: "+46766000000",
        token: async () => "token",
        baseUrl: `${sandbox.url}/sandbox/sms/twilio`,
      };
    case "msg91":
      return { provider, templateId: "otp-1", authKey: async () => "authkey", baseUrl: `${sandbox.url}/sandbox/sms/msg91` };
    case "sns":
      return {
        provider,
        region: "eu-north-1",
        senderId: "CampusPay",
        endpoint: `${sandbox.url}/sandbox/sms/sns`,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
      };
  }
};

const message = { to: "+46700000001", text: "Your Campus Pay code is 123456.", otp: "123456" };
const soon = () => AbortSignal.timeout(10_000);
const setSmsFault = (sms: string) => fetch(`${sandbox.url}/sandbox/faults`, { method: "PUT", body: JSON.stringify({ sms }) });
const inbox = async () => (await (await fetch(`${sandbox.url}/sandbox/messages?channel=sms`)).json()) as { items: unknown[] };
const refusalOf = (promise: Promise<unknown>): Promise<SmsRefused> =>
  promise.then(
    () => expect.unreachable("the message was taken"),
    (error) => error,
  );

describe.each(["sandbox", "twilio", "msg91", "sns"] as const)("%s", (provider) => {
  const send = (signal = soon()) => createSmsSender(optionsOf(provider)).send(message, signal);

  test("delivers the code to the number and returns the provider's id", async () => {
    expect((await send()).providerId).toMatch(/^\S{8,}$/);
    expect(await inbox()).toMatchObject({ items: [{ channel: "sms", to: "+46700000001", data: { otp: "123456" } }] });
  });

  test("a provider that does not answer is cut off by the caller's deadline", async () => {
    await setSmsFault("hang");
    const began = performance.now();
    const refusal = await refusalOf(send(AbortSignal.timeout(300)));
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(refusal).toBeInstanceOf(SmsRefused);
    expect(refusal).toMatchObject({ permanent: false, message: expect.stringContaining("did not answer in time") });
  });

  test("a failing provider is a refusal that may be tried again", async () => {
    await setSmsFault("500");
    const refusal = await refusalOf(send());
    expect(refusal).toBeInstanceOf(SmsRefused);
    expect(refusal).toMatchObject({ permanent: false, message: expect.stringContaining("500") });
  });

  test("a provider that is not there is a refusal that may be tried again", async () => {
    await sandbox.close();
    const refusal = await refusalOf(send());
    expect(refusal).toBeInstanceOf(SmsRefused);
    expect(refusal).toMatchObject({ permanent: false, message: expect.stringContaining("was not reached") });
  });

  test("a number that the provider refuses is a refusal whose text names neither number nor code", async () => {
    await setSmsFault("unregistered");
    const refusal = await refusalOf(send());
    expect(refusal).toBeInstanceOf(SmsRefused);
    // MSG91 answers 200 with an error in free text, which cannot be told from an empty account.
    expect(refusal.permanent).toBe(provider !== "msg91");
    expect(refusal.message).not.toMatch(/4670|123456/);
  });
});

test("a token that was rotated is used from the next message on, without a new sender", async () => {
  const used: string[] = [];
  const tokens = ["first", "second"];
  const sender = createSmsSender({
    provider: "twilio",
    accountSid: "AC1",
    from: "MG1",
    token: async () => {
      const token = tokens.shift() as string;
      used.push(token);
      return token;
    },
    baseUrl: `${sandbox.url}/sandbox/sms/twilio`,
  });
  await sender.send(message, soon());
  await sender.send(message, soon());
  expect(used).toEqual(["first", "second"]);
});

test("MSG91 refuses a message without an OTP before anything is sent, because it sends templates only", async () => {
  const refusal = await refusalOf(createSmsSender(optionsOf("msg91")).send({ to: "+46700000001", text: "Your order is ready" }, soon()));
  expect(refusal).toMatchObject({ permanent: true });
  expect(await inbox()).toMatchObject({ items: [] });
});

test("wrong credentials may be tried again, for a rotation mends them", async () => {
  const sender = createSmsSender({ ...optionsOf("msg91"), authKey: async () => "" } as SmsOptions);
  expect(await refusalOf(sender.send(message, soon()))).toMatchObject({ permanent: false, message: expect.stringContaining("401") });
});

test("where no provider is set up a message is refused for good, and not tried eight times", async () => {
  const sending = createSmsSender({ provider: "none" }).send({ to: "+46700000001", text: "hello" }, AbortSignal.timeout(1_000));
  await expect(sending).rejects.toMatchObject({ name: "SmsRefused", permanent: true });
});
