import { createHmac, randomBytes } from "node:crypto";

export interface WebhookSettings {
  /** Where news is sent; without it none is. */
  readonly url: string | undefined;
  readonly secret: string;
  /** How often each is sent: real gateways repeat themselves. */
  readonly copies: number;
  /** Each copy waits a random time up to this, so that they overtake each other. */
  readonly longestDelayMs: number;
}

export interface Webhooks {
  settings(): WebhookSettings;
  set(change: Partial<WebhookSettings>): WebhookSettings;
  tell(event: string, payload: Readonly<Record<string, unknown>>): void;
  /** How many were taken, given up, and are still on their way. */
  counts(): { readonly taken: number; readonly refused: number; readonly underway: number };
  /** Ends the timers; what was not sent is not sent. */
  close(): void;
}

const maxTries = 4;
const firstPauseMs = 250;
const timeoutMs = 5_000;
const underwayLimit = 20_000;

/** Tells the shop what happened, signed over the bytes that travel, and tries again where it is not heard. */
export const createWebhooks = (first: WebhookSettings): Webhooks => {
  let settings = first;
  const counts = { taken: 0, refused: 0, underway: 0 };
  const timers = new Set<NodeJS.Timeout>();

  const later = (ms: number, work: () => Promise<void>) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void work();
    }, ms).unref();
    timers.add(timer);
  };

  const send = async (body: string, eventId: string, tries: number): Promise<void> => {
    if (await isTaken(settings, body, eventId)) {
      counts.underway -= 1;
      counts.taken += 1;
    } else if (tries >= maxTries) {
      counts.underway -= 1;
      counts.refused += 1;
    } else later(firstPauseMs * 2 ** tries, () => send(body, eventId, tries + 1));
  };

  return {
    settings: () => settings,
    set(change) {
      settings = { ...settings, ...change };
      return settings;
    },
    tell(event, payload) {
      if (settings.url === undefined) return;
      const body = JSON.stringify({
        entity: "event",
        account_id: "acc_sandbox",
        event,
        contains: Object.keys(payload),
        payload: Object.fromEntries(Object.entries(payload).map(([name, entity]) => [name, { entity }])),
        created_at: Math.floor(Date.now() / 1_000),
      });
      const eventId = randomBytes(7).toString("hex");
      for (let copy = 0; copy < settings.copies && counts.underway < underwayLimit; copy += 1) {
        counts.underway += 1;
        later(Math.random() * settings.longestDelayMs, () => send(body, eventId, 1));
      }
    },
    counts: () => ({ ...counts }),
    close() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
};

export const signWebhook = (secret: string, body: string): string => createHmac("sha256", secret).update(body).digest("hex");

const isTaken = ({ url = "", secret }: WebhookSettings, body: string, eventId: string): Promise<boolean> =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Razorpay-Signature": signWebhook(secret, body), "X-Razorpay-Event-Id": eventId },
    body,
    signal: AbortSignal.timeout(timeoutMs),
  }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok;
    },
    () => false,
  );
