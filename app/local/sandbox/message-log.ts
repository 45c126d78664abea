export type Channel = "sms" | "push";

export interface SentMessage {
  readonly id: string;
  readonly channel: Channel;
  readonly to: string;
  readonly at: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface MessageFilter {
  readonly to?: string | undefined;
  readonly channel?: Channel | undefined;
  /** Only messages sent after the one with this id. */
  readonly after?: number | undefined;
  /** Only messages sent before the one with this id: where the next page begins. */
  readonly before?: number | undefined;
}

export interface MessageLog {
  add(message: { channel: Channel; to: string; text: string; data: Record<string, string> }): SentMessage;
  newestFirst(filter: MessageFilter, limit: number): { items: SentMessage[]; hasMore: boolean };
}

/** What was sent, for people and scripts to read. Keeps the last `capacity` messages and forgets the oldest. */
export const createMessageLog = (capacity = 5_000): MessageLog => {
  const messages: SentMessage[] = [];
  // Starts at the clock so that ids keep growing when the process is started again and a script still asks with an old `after`.
  let nextId = Date.now() * 1_000;

  return {
    add(message) {
      const sent = { ...message, id: String(nextId++), at: new Date().toISOString() };
      messages.push(sent);
      if (messages.length > capacity) messages.shift();
      return sent;
    },
    newestFirst(filter, limit) {
      const items: SentMessage[] = [];
      for (let index = messages.length - 1; index >= 0; index--) {
        const message = messages[index] as SentMessage;
        if (filter.after !== undefined && Number(message.id) <= filter.after) break;
        if (!matches(message, filter)) continue;
        if (items.length === limit) return { items, hasMore: true };
        items.push(message);
      }
      return { items, hasMore: false };
    },
  };
};

const matches = (message: SentMessage, filter: MessageFilter): boolean =>
  (filter.to === undefined || message.to === filter.to) &&
  (filter.channel === undefined || message.channel === filter.channel) &&
  (filter.before === undefined || Number(message.id) < filter.before);

/** The first six digits that stand alone: the texts of the app carry one code each. */
export const otpIn = (text: string): string | undefined => /(?<!\d)\d{6}(?!\d)/.exec(text)?.[0];

export const withOtp = (text: string, data: Record<string, string> = {}): Record<string, string> => {
  const otp = data.otp ?? otpIn(text);
  return otp === undefined ? data : { ...data, otp };
};
