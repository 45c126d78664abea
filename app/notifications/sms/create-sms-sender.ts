import { type Msg91Options, msg91Sender } from "./msg91.ts";
import { type SandboxSmsOptions, sandboxSender } from "./sandbox.ts";
import { SmsRefused, type SmsSender } from "./sender.ts";
import { type SnsOptions, snsSender } from "./sns.ts";
import { type TwilioOptions, twilioSender } from "./twilio.ts";

export type SmsOptions = SandboxSmsOptions | TwilioOptions | Msg91Options | SnsOptions | { readonly provider: "none" };

/**
 * The one door to SMS.
 *
 *     const sms = createSmsSender({ provider: "twilio", accountSid, from, token: () => secrets.read("sms-token") });
 *     await sms.send({ to: "+46700000001", text: "Your code is 123456", otp: "123456" }, AbortSignal.timeout(5_000));
 */
export const createSmsSender = (options: SmsOptions): SmsSender => {
  switch (options.provider) {
    case "sandbox":
      return sandboxSender(options);
    case "twilio":
      return twilioSender(options);
    case "msg91":
      return msg91Sender(options);
    case "sns":
      return snsSender(options);
    case "none":
      return nobody;
  }
};

const nobody: SmsSender = {
  send: () => Promise.reject(new SmsRefused("No SMS provider is set up here (SMS_PROVIDER=none)", { permanent: true })),
};
