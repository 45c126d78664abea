/** One visible notification for one phone or browser. */
export interface Push {
  readonly token: string;
  readonly title: string;
  readonly body: string;
  readonly data: Readonly<Record<string, string>>;
  /** After this it is of no use: whoever carries it throws it away. */
  readonly lifeMs: number;
  /** Two with the same tag show as one. */
  readonly tag: string;
}

/** Taken, never to be taken because the token is gone, or never to be taken for another reason. What may still succeed throws. */
export type PushAnswer = "accepted" | "unregistered" | "refused";

export interface PushSender {
  send(push: Push): Promise<PushAnswer>;
}
