/** What start.json holds: a contract with tests and people. */
export interface StartFile extends DemoCampus {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string; readonly pid: number }[];
  readonly sandbox_url: string;
}

/** The part that app/demo/seed.ts prints. */
export interface DemoCampus {
  readonly students: readonly { readonly id: string; readonly phone: string; readonly card_uid: string; readonly balance_minor: number }[];
  readonly staff: readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
    readonly cafe_id: string | null;
  }[];
  readonly devices: readonly { readonly id: string; readonly key: string; readonly cafe_id: string }[];
  readonly cafes: readonly {
    readonly id: string;
    readonly name: string;
    readonly items: readonly { readonly id: string; readonly price_minor: number }[];
  }[];
}

export function parseDemoCampus(line: string): DemoCampus {
  try {
    return JSON.parse(line) as DemoCampus;
  } catch {
    throw new Error(`app/demo/seed.ts must end with a line of JSON; it ended with: ${line.slice(0, 200)}`);
  }
}
