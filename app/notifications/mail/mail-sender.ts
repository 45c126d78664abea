export interface MailSender {
  readonly from: string;
  /** Undeliverable where this very mail would be refused again; any other throw may be tried again. */
  send(mail: ReadyMail, signal: AbortSignal): Promise<void>;
}

export interface ReadyMail {
  readonly eventId: string;
  readonly to: string;
  readonly bytes: Buffer;
}
