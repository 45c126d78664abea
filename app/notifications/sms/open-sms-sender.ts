import type { Platform } from "../../platform/context.ts";
import { createSmsSender, type SmsOptions } from "./create-sms-sender.ts";
import type { SmsSender } from "./sender.ts";

/** The provider that the configuration names. */
export const openSmsSender = (platform: Platform): SmsSender => createSmsSender(smsOptions(platform));

function smsOptions({ config, secrets }: Platform): SmsOptions {
  const token = () => secrets.get("SMS_PROVIDER_TOKEN");
  const need = (name: "SMS_ACCOUNT" | "SMS_FROM"): string => {
    const value = config[name];
    if (value === undefined) throw new Error(`${name} is not set: SMS_PROVIDER=${config.SMS_PROVIDER} needs it.`);
    return value;
  };
  const ownUrl = config.SMS_URL === undefined ? {} : { baseUrl: config.SMS_URL };
  switch (config.SMS_PROVIDER) {
    case "sandbox":
      return { provider: "sandbox", baseUrl: config.SMS_URL ?? config.SANDBOX_URL };
    case "twilio":
      return { provider: "twilio", accountSid: need("SMS_ACCOUNT"), from: need("SMS_FROM"), token, ...ownUrl };
    case "msg91":
      return { provider: "msg91", templateId: need("SMS_ACCOUNT"), authKey: token, ...ownUrl };
    case "sns":
      return {
        provider: "sns",
        region: config.AWS_REGION,
        ...(config.SMS_FROM === undefined ? {} : { senderId: config.SMS_FROM }),
        ...(config.SMS_URL === undefined ? {} : { endpoint: config.SMS_URL }),
      };
    case "none":
      return { provider: "none" };
  }
}
