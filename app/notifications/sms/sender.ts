export interface SmsMessage {
  /** E.164, with the plus sign. */
  readonly to: string;
  readonly text: string;
  readonly otp?: string;
}

export interface SmsSender {
  /** Resolves when the provider has taken the message; rejects with SmsRefused, also when the signal cuts it off. */
  send(message: SmsMessage, signal: AbortSignal): Promise<{ providerId: string }>;
}

/** Carries neither the number nor the text, so it may be logged. */
export class SmsRefused extends Error {
  override readonly name = "SmsRefused";
  /** True when this message will never be taken as it is; false when the same message may pass later. */
  readonly permanent: boolean;

  constructor(message: string, options: { permanent: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.permanent = options.permanent;
  }
}
