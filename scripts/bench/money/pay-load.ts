/** What the driver of the payments is told on its standard input. */
export interface PayLoad {
  readonly ports: readonly number[];
  readonly connections: number;
  /** Each pays once. */
  readonly payers: readonly Payer[];
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Payments that begin each second, whatever became of the earlier ones; without it a closed loop. */
  readonly arrivalsPerSecond?: number;
}

export interface Payer {
  readonly token: string;
  readonly cardUid: string;
  readonly till: string;
  /** Opened already: then the confirm alone is asked for. */
  readonly charge?: { readonly id: string; readonly digest: string; readonly matchCode: string } | undefined;
  /** In the place of all that: one request of a ledger server. */
  readonly request?: { readonly method: string; readonly path: string; readonly body: string };
  /** The key that an answer of 200 has when nothing was paid. */
  readonly refused?: string;
}

/** What it answers, of the window alone. */
export interface PayResult {
  readonly flows: number;
  readonly seconds: number;
  readonly confirmMs: readonly number[];
  /** Arrivals that found every connection busy. */
  readonly dropped: number;
}

export type PayMessage = { readonly kind: "window opens" } | ({ readonly kind: "window closes" } & PayResult);
