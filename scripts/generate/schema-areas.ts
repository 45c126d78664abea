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
      "cafe_tables",
      "setting_keys",
      "settings",
      "students",
      "student_imports",
      "customers",
      "staff",
      "login_failures",
      "staff_totp",
      "staff_recovery_codes",
      "staff_passkeys",
      "passkey_challenges",
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
    tables: [
      "categories",
      "menu_items",
      "menu_option_groups",
      "menu_option_choices",
      "stock_movements",
      "images",
      "menu_versions",
      "order_counters",
      "slot_counters",
      "orders",
      "order_items",
      "order_transitions",
      "order_status_log",
      "unpaid_cancel_failures",
      "delivery_assignments",
      "cards",
    ],
  },
  {
    title: "From the scan to the receipt",
    about: "A scan opens a charge, the confirm ends it, the receipt is written with the debit.",
    tables: ["charges", "scans", "refused_cards", "receipts", "status_changes"],
  },
  {
    title: "The ledger",
    about:
      "Double entry, append-only. The view `ledger_entries` shows the two entries of each transaction; only wallets have a balance row.",
    tables: [
      "accounts",
      "wallets",
      "ledger_transactions",
      "allowed_legs",
      "account_snapshots",
      "ledger_anchors",
      "adjustments",
      "refunds",
      "wallet_holds",
      "debt_repayments",
    ],
  },
  {
    title: "At the counter",
    about: "What a terminal sold and gave back, its shifts, and the Z-reports that close them: numbered without gaps, never changed.",
    tables: ["counter_sales", "counter_refunds", "shifts", "z_report_counters", "z_reports"],
  },
  {
    title: "Through the gateway",
    about: "What the gateway is to collect, what it collected (once each), what it gives back and what its customers dispute.",
    tables: [
      "gateway_orders",
      "gateway_payments",
      "gateway_events",
      "gateway_refunds",
      "gateway_disputes",
      "outside_refunds",
      "gateway_watch",
      "gateway_pay_outs",
      "saved_methods",
      "gift_links",
    ],
  },
  {
    title: "Out to the bank, and after a failover",
    about: "What each café is owed for a day, the rest of a student who leaves, and receipts whose debit the books lack.",
    tables: [
      "settlement_terms",
      "settled_entries",
      "settlement_failures",
      "cafe_zones",
      "settlements",
      "close_outs",
      "debt_write_offs",
      "region_epochs",
      "failover_cases",
    ],
  },
  {
    title: "To the cafés' till systems",
    about: "Where a café wants its orders posted, and what was posted there: the very bytes, and how it went.",
    tables: ["webhook_endpoints", "webhook_deliveries"],
  },
  {
    title: "What carries it",
    about: "Remembered answers, work after a commit, timed work, the trail of who did what, and the events that live clients read.",
    tables: ["idempotency_answers", "outbox", "notifications", "receipt_mails", "timed_jobs", "audit_log", "events"],
  },
];
