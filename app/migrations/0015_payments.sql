-- Why: money comes in through a payment gateway and goes back through it. What we asked the gateway to collect, what it
-- collected (once each), what it was told to give back, and what its customers dispute. No card data is kept here.
-- Lock order, kept everywhere: order, gateway order, refund or dispute, wallet.

-- A link with which somebody without an account puts money into a student's wallet. Of its token only the hash is kept.
create table gift_links (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  token_hash bytea not null unique,
  limit_minor bigint not null check (limit_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index gift_links_student on gift_links (student_id, id);

-- What the gateway is to collect. Written before the gateway is asked, so that its id is all that can be missing.
create table gateway_orders (
  id uuid primary key default uuidv7(),
  gateway text not null,
  gateway_order_id text,
  purpose text not null check (purpose in ('top_up', 'auto_top_up', 'gift', 'order')),
  student_id uuid not null references students (id),
  order_id uuid references orders (id),
  gift_link_id uuid references gift_links (id),
  -- Of an automatic top-up: the wallet's entry that crossed the line. One crossing is answered once.
  wallet_seq bigint,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  save_method boolean not null default false,
  status text not null default 'created' check (status in ('created', 'paid', 'failed', 'expired')),
  -- When the poller asks the gateway next, and how often it has.
  look_at timestamptz not null default now(),
  looks smallint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (gateway, gateway_order_id),
  check ((purpose = 'order') = (order_id is not null)),
  check ((purpose = 'gift') = (gift_link_id is not null)),
  check ((purpose = 'auto_top_up') = (wallet_seq is not null))
);
create unique index gateway_orders_of_order on gateway_orders (order_id, amount_minor) where order_id is not null;
create unique index gateway_orders_once_per_crossing on gateway_orders (student_id, wallet_seq) where wallet_seq is not null;
create index gateway_orders_top_ups on gateway_orders (student_id, id) where order_id is null;
create index gateway_orders_gifts on gateway_orders (gift_link_id) where gift_link_id is not null;
create index gateway_orders_unpaid on gateway_orders (look_at) where status in ('created', 'failed');

-- What the gateway collected. The unique id is the gate: whoever brings the news, there is one row and one credit.
create table gateway_payments (
  id uuid primary key default uuidv7(),
  gateway text not null,
  payment_id text not null,
  order_row_id uuid not null references gateway_orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  fee_minor bigint check (fee_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  credited_to text not null check (credited_to in ('order', 'wallet', 'held')),
  transaction_id uuid not null,
  found_by text not null check (found_by in ('browser', 'webhook', 'poller', 'token')),
  -- The gateway's own answer, without whatever would name a person or a card.
  gateway_response jsonb not null,
  at timestamptz not null default now(),
  constraint gateway_payments_once unique (gateway, payment_id),
  constraint gateway_payments_transaction unique (transaction_id)
);
create index gateway_payments_order_row on gateway_payments (order_row_id);

-- Signed news, kept before it is answered. Known again by what was signed; the event's id travels unsigned beside it.
create table gateway_events (
  id uuid primary key default uuidv7(),
  gateway text not null,
  body_hash bytea not null,
  kind text not null,
  event jsonb not null,
  received_at timestamptz not null default now(),
  unique (gateway, body_hash)
);
create index gateway_events_received on gateway_events (received_at);

create table gateway_refunds (
  id uuid primary key default uuidv7(),
  payment_row_id uuid not null references gateway_payments (id),
  -- null: the payment could not be credited and goes back as a whole.
  order_id uuid references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null check (length(reason) between 1 and 500),
  status text not null default 'pending' check (status in ('pending', 'processed', 'failed')),
  gateway_refund_id text,
  transaction_id uuid not null unique,
  returned_transaction_id uuid unique,
  requested_by uuid references staff (id),
  look_at timestamptz not null default now() + interval '1 minute',
  looks smallint not null default 0,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  check ((status = 'pending') = (settled_at is null)),
  check ((status = 'failed') = (returned_transaction_id is not null))
);
create index gateway_refunds_order on gateway_refunds (order_id);
create index gateway_refunds_payment on gateway_refunds (payment_row_id);
create index gateway_refunds_pending on gateway_refunds (look_at) where status = 'pending';

create table gateway_disputes (
  id uuid primary key default uuidv7(),
  gateway text not null,
  dispute_id text not null,
  payment_row_id uuid not null references gateway_payments (id),
  student_id uuid not null references students (id),
  order_id uuid references orders (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  reason text not null,
  respond_by timestamptz not null,
  status text not null default 'open' check (status in ('open', 'contested', 'accepted', 'won', 'lost')),
  evidence text check (length(evidence) between 1 and 2000),
  transaction_id uuid not null unique,
  decided_by uuid references staff (id),
  decided_at timestamptz,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  unique (gateway, dispute_id),
  check ((status in ('won', 'lost')) = (settled_at is not null))
);
create index gateway_disputes_order on gateway_disputes (order_id) where order_id is not null;
create index gateway_disputes_payment on gateway_disputes (payment_row_id);

-- The gateway's own token for a method of payment that the student let it keep. It pays nothing elsewhere.
create table saved_methods (
  student_id uuid primary key references students (id),
  gateway text not null,
  customer text not null,
  token text not null,
  -- null: it is kept, and fills nothing.
  fill_to_minor bigint check (fill_to_minor > 0),
  created_at timestamptz not null default now()
);

grant select, insert, update on gift_links, gateway_orders, gateway_refunds, gateway_disputes to campus_app;
grant select, insert on gateway_payments to campus_app;
grant select, insert, delete on gateway_events to campus_app;
grant select, insert, update, delete on saved_methods to campus_app;
