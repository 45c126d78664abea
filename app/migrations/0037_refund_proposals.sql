-- Why: one person alone could give back any amount of an order, into the wallet of a friend.
create table refund_proposals (
  id uuid primary key default uuidv7(),
  order_id uuid not null references orders (id),
  cafe_id uuid not null references cafes (id),
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  goes_to text not null check (goes_to in ('wallet', 'gateway')),
  reason text not null check (length(reason) between 1 and 500),
  -- What of the order had been given back when it was asked for. Where that is another by now, this is not what the first one saw.
  refunded_before_minor bigint not null check (refunded_before_minor >= 0),
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  transaction_id uuid unique,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  -- Two people, always: also if the code forgets.
  check (decided_by is null or decided_by <> requested_by or status = 'rejected'),
  check ((status = 'pending') = (decided_at is null)),
  check ((status = 'approved') = (transaction_id is not null))
);
create index refund_proposals_order on refund_proposals (order_id);
create unique index refund_proposals_one_pending on refund_proposals (order_id) where status = 'pending';

grant select, insert, update on refund_proposals to campus_app;
