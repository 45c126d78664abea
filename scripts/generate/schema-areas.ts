interface Area {
  readonly title: string;
  readonly about: string;
  readonly tables: readonly string[];
}

/** How the page is divided, in the order of the story: who, what is sold, the money, and what carries it all. */
export const areas: readonly Area[] = [
  {
    title: "People, cafés and what opens them",
    about: "Students, staff, the tills, and everything that lets them in. Secrets stand here as hashes only.",
    tables: [
      "cafes",
      "students",
      "staff",
      "login_failures",
      "devices",
      "sessions",
      "refresh_tokens",
      "otps",
      "confirm_keys",
      "push_tokens",
    ],
  },
  {
    title: "Menu, orders and cards",
    about: "What can be ordered and what was: prices, names and VAT of an order are snapshots.",
    tables: ["categories", "menu_items", "order_counters", "orders", "order_items", "order_transitions", "order_status_log", "cards"],
  },
  {
    title: "From the scan to the receipt",
    about: "A scan opens a charge, the confirm ends it, the receipt is written with the debit.",
    tables: ["charges", "scans", "receipts", "status_changes"],
  },
  {
    title: "The ledger",
    about:
      "Double entry, append-only. The view `ledger_entries` shows the two entries of each transaction; only wallets have a balance row.",
    tables: ["accounts", "wallets", "ledger_transactions", "account_snapshots", "ledger_anchors", "adjustments", "refunds"],
  },
  {
    title: "What carries it",
    about: "Remembered answers, work after a commit, timed work, the trail of who did what, and the events that live clients read.",
    tables: ["idempotency_answers", "outbox", "notifications", "timed_jobs", "audit_log", "events"],
  },
];
