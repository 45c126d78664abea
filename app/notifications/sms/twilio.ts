import { postToProvider } from "./post.ts";
import { SmsRefused, type SmsSender } from "./sender.ts";

export interface TwilioOptions {
  readonly provider: "twilio";
  readonly accountSid: string;
  /** A number in E.164, an alphanumeric sender, or the sid (MG…) of a messaging service. */
  readonly from: string;
  /** Asked for at every message, so that a rotated token needs no restart. */
  readonly token: () => Promise<string>;
  readonly baseUrl?: string;
}

export const twilioSender = ({ accountSid, from, token, baseUrl = "https://api.twilio.com" }: TwilioOptions): SmsSender => ({
  async send({ to, text }, signal) {
    const credentials = Buffer.from(`${accountSid}:${await token()}`).toString("base64");
    const { json } = await postToProvider({
      provider: "Twilio",
      url: `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`,
      headers: { Authorization: `Basic ${credentials}`, "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ To: to, Body: text, [from.startsWith("MG") ? "MessagingServiceSid" : "From"]: from }).toString(),
      signal,
    });
    if (typeof json.sid !== "string") throw new SmsRefused("Twilio answered without a message sid", { permanent: false });
    return { providerId: json.sid };
  },
});
