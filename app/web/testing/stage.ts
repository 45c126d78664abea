import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

interface StartFile {
  readonly base_url: string;
  readonly students: readonly { readonly id: string; readonly phone: string; readonly card_uid: string; readonly balance_minor: number }[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
  readonly cafes: readonly { readonly id: string; readonly items: readonly { readonly id: string; readonly price_minor: number }[] }[];
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
    readonly cafe_id: string | null;
    readonly totp_secret: string;
  }[];
}

export type DemoStudent = StartFile["students"][number];

export interface Look extends BrowserContextOptions {
  readonly language?: "sv" | "it" | "en";
}

const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"];
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 900 };
const codeTries = 60;
const codeEveryMs = 250;

/** A browser before the started system: phones with students in them, a till, and what their consoles complained of. */
export class Stage {
  readonly start: StartFile;
  readonly base: string;
  /** Errors of pages and of the content security policy: a row fails that leaves one here. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  #nextStudent: number;

  static async open(startFile: string, executablePath: string): Promise<Stage> {
    const start = JSON.parse(readFileSync(startFile, "utf8")) as StartFile;
    return new Stage(start, await chromium.launch({ executablePath, args: flags }));
  }

  private constructor(start: StartFile, browser: Browser) {
    this.start = start;
    this.base = start.base_url;
    this.#browser = browser;
    // A second run on one system meets other students.
    this.#nextStudent = Math.floor(Math.random() * start.students.length);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  get cafeId(): string {
    return this.start.devices[0]?.cafe_id ?? "";
  }

  /** The first ones are for other checks on the same system. Behind the last one comes the first of the others again. */
  takeStudent(): DemoStudent {
    const others = this.start.students.slice(30);
    const student = others[this.#nextStudent % others.length];
    this.#nextStudent += 1;
    if (!student) throw new Error("The demo campus has no students for these rows.");
    return student;
  }

  async context({ language = "en", ...look }: Look = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({
      baseURL: this.base,
      viewport: phone,
      locale: { sv: "sv-SE", it: "it-IT", en: "en-GB" }[language],
      ...look,
    });
    context.setDefaultTimeout(20_000);
    await context.addInitScript(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      Object.assign(document, { ariaNotify: (text: string) => heard.push(`notify ${text}`) });
      if ("speechSynthesis" in globalThis) speechSynthesis.speak = ({ text }) => void heard.push(`speak ${text}`);
    });
    context.on("page", (page) => {
      page.on("pageerror", (error) => page.url() !== "about:blank" && this.complaints.push(`${page.url()}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && /Content Security Policy|TrustedScript|Refused to/.test(message.text()))
          this.complaints.push(`${page.url()}: ${message.text()}`);
      });
    });
    return context;
  }

  /** A phone with this student logged in, as the page's own session does it. */
  async phoneOf(student: Pick<DemoStudent, "phone">, look: Look = {}): Promise<Page> {
    const page = await (await this.context(look)).newPage();
    await page.goto("/verify");
    await this.#logIn(page, student.phone);
    return page;
  }

  async #logIn(page: Page, phoneNumber: string): Promise<void> {
    const otp = await this.codeFor(phoneNumber);
    const status = await page.evaluate(
      async (body) => {
        const answer = await fetch("/api/v1/auth/verify-otp", {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-Session": "cookie" },
          body: JSON.stringify(body),
        });
        localStorage.setItem("campus.student.signed-in", "1");
        return answer.status;
      },
      { phone: phoneNumber, otp },
    );
    if (status !== 200) throw new Error(`The login of ${phoneNumber} was answered with ${status}.`);
  }

  /** Asks for a code as another session of the student, and reads it. */
  async codeFor(phoneNumber: string): Promise<string> {
    const before = await this.#newestMessage(phoneNumber);
    await this.json("/api/v1/auth/request-otp", { phone: phoneNumber });
    return this.#codeAfter(phoneNumber, before?.id);
  }

  /** The code that a page asked for, at a phone that never had one. */
  firstCodeOf(phoneNumber: string): Promise<string> {
    return this.#codeAfter(phoneNumber, undefined);
  }

  async #codeAfter(phoneNumber: string, beforeId: string | undefined): Promise<string> {
    for (let attempt = 0; attempt < codeTries; attempt += 1) {
      const message = await this.#newestMessage(phoneNumber);
      if (message?.data?.otp && message.id !== beforeId) return message.data.otp;
      await new Promise((resolve) => setTimeout(resolve, codeEveryMs));
    }
    throw new Error(`No code came to ${phoneNumber}.`);
  }

  async #newestMessage(phoneNumber: string) {
    const query = new URLSearchParams({ to: phoneNumber, channel: "sms" });
    const { items } = await this.json<{ items: { id: string; data?: { otp?: string } }[] }>(`/sandbox/messages?${query}`);
    return items.find(({ data }) => data?.otp);
  }

  json<T>(address: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    return this.send<T>(body === undefined ? "GET" : "POST", address, body, headers);
  }

  async send<T>(method: string, address: string, body: unknown, headers: Record<string, string>): Promise<T> {
    const answer = await fetch(this.base + address, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    });
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** The till of the first demo café, open and ready. */
  async till(look: Look = {}): Promise<Page> {
    const [device] = this.start.devices;
    const context = await this.context({ viewport: { width: 1024, height: 768 }, ...look });
    await context.addInitScript(
      (key) => localStorage.setItem("campus.pos.device", key),
      JSON.stringify({ id: device?.id, key: device?.key }),
    );
    const page = await context.newPage();
    await page.goto("/pos/?demo");
    await page.locator(".hold").waitFor();
    return page;
  }

  /** As the demo's drawer says it to the page. */
  async scan(till: Page, { card_uid }: DemoStudent): Promise<void> {
    await till.evaluate((uid) => void dispatchEvent(new CustomEvent("card", { detail: uid })), card_uid.toUpperCase());
  }

  /** As a reader types it: key by key, a few milliseconds apart, then Enter. */
  async typeCard(till: Page, { card_uid }: DemoStudent): Promise<void> {
    await till.keyboard.type(card_uid.toUpperCase(), { delay: 2 });
    await till.keyboard.press("Enter");
  }

  get dishes(): number {
    return this.start.cafes.find(({ id }) => id === this.cafeId)?.items.length ?? 0;
  }

  /** A dish of the till's café: the first, or the one behind it at this place. */
  item(place = 0): { readonly id: string; readonly price_minor: number } {
    const items = this.start.cafes.find(({ id }) => id === this.cafeId)?.items ?? [];
    const item = items[place % Math.max(1, items.length)];
    if (!item) throw new Error("The till's café has no dish.");
    return item;
  }

  /** An order of this student at the till's café, placed through the API by a session of its own. */
  async order(student: DemoStudent, quantity = 1, ...places: readonly number[]): Promise<string> {
    const token = await this.token(student);
    const items = (places.length === 0 ? [0] : places).map((place) => ({ menu_item_id: this.item(place).id, quantity }));
    const { order } = await this.json<{ order: { id: string } }>(
      "/api/v1/orders",
      { cafe_id: this.cafeId, items, payment_method: "wallet" },
      { Authorization: `Bearer ${token}`, "Idempotency-Key": randomUUID() },
    );
    return order.id;
  }

  /** A wallet order at the till's café, scanned and confirmed: what the kitchen may start. */
  async paidOrder(student: DemoStudent, quantity = 1, ...places: readonly number[]): Promise<string> {
    const [device] = this.start.devices;
    const orderId = await this.order(student, quantity, ...places);
    const { charge, match_code } = await this.json<{ charge: { id: string }; match_code: string }>(
      "/api/v1/pos/scans",
      { scan_id: randomUUID(), card_uid: student.card_uid, order_id: orderId },
      { Authorization: `Device ${device?.id}.${device?.key}` },
    );
    const bearer = { Authorization: `Bearer ${await this.token(student)}` };
    const { digest } = await this.json<{ digest: string }>(`/api/v1/charges/${charge.id}`, undefined, bearer);
    await this.json(`/api/v1/charges/${charge.id}/confirm`, { digest, number_match: match_code }, bearer);
    return orderId;
  }

  /** An order that is paid in cash: the kitchen may start it at once. */
  async cashOrder(token: string, place = 0): Promise<void> {
    await this.json(
      "/api/v1/orders",
      { cafe_id: this.cafeId, items: [{ menu_item_id: this.item(place).id, quantity: 1 }], payment_method: "cash" },
      { Authorization: `Bearer ${token}`, "Idempotency-Key": randomUUID() },
    );
  }

  /** A file of money for one student that waits for its second person, or is read yet. */
  async bulkCredit(): Promise<string> {
    const file = `student_id,amount_minor,reference,expires_on\n${this.takeStudent().id},46000,${randomUUID()},2099-06-30\n`;
    const answer = await fetch(`${this.base}/api/v1/admin/bulk-credits?title=Meal%20plan`, {
      method: "POST",
      body: file,
      headers: { "Content-Type": "text/csv", "Idempotency-Key": randomUUID(), ...(await this.staffToken("finance")) },
    });
    if (!answer.ok) throw new Error(`The bulk credit was answered with ${answer.status}.`);
    return ((await answer.json()) as { id: string }).id;
  }

  /** The bearer header of this role's demo login. */
  async staffToken(role: string, place = 0): Promise<Record<string, string>> {
    const { username, password } = this.#memberOf(role, place);
    const { access_token } = await this.json<{ access_token: string }>("/api/v1/admin/auth/login", { username, password });
    return { Authorization: `Bearer ${access_token}` };
  }

  #memberOf(role: string, place = 0) {
    const member = this.start.staff.filter((one) => one.role === role && (one.cafe_id === null || one.cafe_id === this.cafeId))[place];
    if (!member) throw new Error(`The demo campus has no ${role}, or too few.`);
    return member;
  }

  /** Waits until something is so, for as long as a page would be waited for. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < codeTries; attempt += 1) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, codeEveryMs));
    }
    throw new Error("It did not become so in time.");
  }

  /** A page of the portal with this role's demo login, as the portal's own session does it; the first one's, or the one behind it at this place. */
  async portalOf(role: string, look: Look = {}, place = 0): Promise<Page> {
    const context = await this.context({ viewport: desk, ...look });
    const { username, password } = this.#memberOf(role, place);
    const answer = await context.request.post("/api/v1/admin/auth/login", {
      data: { username, password },
      headers: { "X-Session": "cookie" },
    });
    if (!answer.ok()) throw new Error(`The login of ${username} was answered with ${answer.status()}.`);
    return context.newPage();
  }

  async token(student: Pick<DemoStudent, "phone">): Promise<string> {
    const otp = await this.codeFor(student.phone);
    return (await this.json<{ access_token: string }>("/api/v1/auth/verify-otp", { phone: student.phone, otp })).access_token;
  }

  async debits(student: DemoStudent): Promise<number> {
    const token = await this.token(student);
    const { items } = await this.json<{ items: { amount_minor: number }[] }>("/api/v1/wallet/statement", undefined, {
      Authorization: `Bearer ${token}`,
    });
    return items.filter(({ amount_minor }) => amount_minor < 0).length;
  }
}
