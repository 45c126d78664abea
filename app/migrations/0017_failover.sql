-- Why: after a failover the receipts that people hold tell which debits the lost tail had, so that they can be posted again.
-- Lock order, kept everywhere: case, order, charge, wallet.

-- Each epoch in which the books were found whole. A process whose own epoch is above the last of them is reconciling: after
-- a failover that is so until a person says that it is over.
create table region_epochs (
  epoch integer primary key check (epoch >= 1),
  reconciled_by uuid references staff (id),
  reconciled_at timestamptz not null default now()
);
insert into region_epochs (epoch) values (1);

-- A receipt that we signed and whose debit is not in the books. No foreign keys: what it names may be lost with the debit.
create table failover_cases (
  id uuid primary key default uuidv7(),
  receipt_id uuid not null unique,
  transaction_id uuid not null unique,
  charge_id uuid not null,
  order_id uuid not null,
  order_number text not null,
  cafe_id uuid not null,
  student_id uuid not null,
  amount_minor bigint not null check (amount_minor > 0),
  currency text not null,
  paid_at timestamptz not null,
  region text not null,
  epoch integer not null,
  payload text not null,
  jws text not null,
  presented_by text not null check (presented_by in ('student', 'device', 'staff')),
  presented_by_id uuid not null,
  presented_at timestamptz not null default now(),
  status text not null default 'open' check (status in ('open', 'agreed', 'reposted', 'dismissed')),
  agreed_by uuid references staff (id),
  agreed_at timestamptz,
  decided_by uuid references staff (id),
  decided_at timestamptz,
  dismissed_because text check (length(dismissed_because) between 3 and 500),
  -- What the wallet lacked when the debit was posted again: the student owes it.
  owed_minor bigint check (owed_minor >= 0),
  -- Two people, always: also if the code forgets.
  check (status <> 'reposted' or (agreed_by is not null and decided_by is not null and agreed_by <> decided_by and owed_minor is not null)),
  check ((status = 'dismissed') = (dismissed_because is not null)),
  check ((status in ('reposted', 'dismissed')) = (decided_by is not null)),
  check (status <> 'agreed' or agreed_by is not null)
);
create index failover_cases_status on failover_cases (status, id);

grant select, insert, update on failover_cases to campus_app;
grant select, insert on region_epochs to campus_app;
