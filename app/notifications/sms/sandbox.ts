import { postToProvider } from "./post.ts";
import type { SmsSender } from "./sender.ts";

export interface SandboxSmsOptions {
  readonly provider: "sandbox";
  readonly baseUrl: string;
}

export const sandboxSender = ({ baseUrl }: SandboxSmsOptions): SmsSender => ({
  async send({ to, text, otp }, signal) {
    const { json } = await postToProvider({
      provider: "The sandbox",
      url: `${baseUrl}/sandbox/sms`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ to, text, data: otp === undefined ? {} : { otp } }),
      signal,
    });
    return { providerId: String(json.id) };
  },
});
