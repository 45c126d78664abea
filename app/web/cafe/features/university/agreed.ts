interface Agreed {
  readonly status: string;
  readonly agreed_minor: number | null;
  readonly amount_minor: number;
}

/** Of a close-out, to what the wallet holds now: where money came in since, somebody agrees anew. */
export const isAgreed = ({ status, agreed_minor, amount_minor }: Agreed): boolean => status === "agreed" && agreed_minor === amount_minor;
