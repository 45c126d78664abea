import { postToProvider } from "./post.ts";
import { SmsRefused, type SmsSender } from "./sender.ts";

export interface Msg91Options {
  readonly provider: "msg91";
  /** An approved template whose text has the code as `##OTP##`. */
  readonly templateId: string;
  /** The template's name for the code, if it is another: MSG91 tells upper from lower case. */
  readonly otpVariable?: string;
  readonly authKey: () => Promise<string>;
  readonly baseUrl?: string;
}

/** MSG91 sends approved templates only, so a message without an OTP is refused here. */
export const msg91Sender = ({
  templateId,
  otpVariable = "OTP",
  authKey,
  baseUrl = "https://control.msg91.com",
}: Msg91Options): SmsSender => ({
  async send({ to, otp }, signal) {
    if (otp === undefined) throw new SmsRefused("MSG91 sends templates only, and this message carries no OTP", { permanent: true });
    const { json } = await postToProvider({
      provider: "MSG91",
      url: `${baseUrl}/api/v5/flow`,
      headers: { authkey: await authKey(), "Content-Type": "application/json" },
      body: JSON.stringify({
        template_id: templateId,
        short_url: "0",
        recipients: [{ mobiles: to.replace(/^\+/, ""), [otpVariable]: otp }],
      }),
      signal,
    });
    // A 200 with "error" inside says why in free text only: a bad number and an empty account look alike, so it may be tried again.
    if (json.type !== "success") throw new SmsRefused("MSG91 answered 200 with an error inside", { permanent: false });
    return { providerId: String(json.message) };
  },
});
