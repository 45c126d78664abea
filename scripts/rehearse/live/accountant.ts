import { codeNow } from "../../../app/identity/totp.ts";
import type { Demo } from "../../../app/local/demo/demo.ts";
import type { Site } from "./campus.ts";
import { until } from "./telling.ts";

const stepMs = 30_000;
const stepOf = () => Math.floor(Date.now() / stepMs);

/** One of finance, with an authenticator app. */
export class Accountant {
  private readonly member: Demo["staff"][number];
  private lastStep = 0;

  /** The first or the second of them. */
  constructor(demo: Demo, index: 0 | 1) {
    const member = demo.staff.filter(({ role }) => role === "finance")[index];
    if (!member) throw new Error(`the demo campus has no accountant number ${index + 1}.`);
    this.member = member;
  }

  /** A code opens once: after that the next one is waited for. */
  private async code(): Promise<string> {
    await until("the next code of the authenticator app", 2 * stepMs, async () => stepOf() > this.lastStep);
    this.lastStep = stepOf();
    return codeNow(this.member.totp_secret);
  }

  /** What the commands read the login from. */
  async environment(): Promise<Record<string, string>> {
    const { username, password } = this.member;
    return { CAMPUS_USERNAME: username, CAMPUS_PASSWORD: password, CAMPUS_TOTP: await this.code() };
  }

  async logIn(site: Site): Promise<string> {
    const { username, password } = this.member;
    const login = { username, password, totp: await this.code() };
    const { access_token } = await site.must<{ access_token: string }>([200], "POST", "/admin/auth/login", undefined, login);
    return `Bearer ${access_token}`;
  }
}

/** The ledger's own check, asked by one of finance. */
export const ledgerIsWhole = async (site: Site, demo: Demo): Promise<string> =>
  JSON.stringify(await site.must([200], "GET", "/admin/ledger/check", await new Accountant(demo, 0).logIn(site)));
