-- Why: what is to be paid was typed into the bank by hand, and what the bank then did was read off by eye.

-- Where a café's money goes. Whoever changes it takes the money: two people, and the last one that was approved holds.
create table cafe_bank_accounts (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  holder text not null check (length(holder) between 1 and 70),
  iban text not null check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  requested_by uuid not null references staff (id),
  decided_by uuid references staff (id),
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  -- Two people, always: also if the code forgets.
  check (decided_by is null or decided_by <> requested_by or status = 'rejected'),
  check ((status = 'pending') = (decided_at is null))
);
create index cafe_bank_accounts_cafe on cafe_bank_accounts (cafe_id, id) where status = 'approved';
create unique index cafe_bank_accounts_one_pending on cafe_bank_accounts (cafe_id) where status = 'pending';

-- One file for the bank. Its text is made from these rows whenever it is asked for, so that an erased student stands in none.
create table payment_files (
  id uuid primary key default uuidv7(),
  execution_day date not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  payments_count integer not null check (payments_count > 0),
  total_minor bigint not null check (total_minor > 0),
  made_by uuid not null references staff (id),
  created_at timestamptz not null default now()
);

create table payment_file_lines (
  -- Its name at the bank: on the settlement or close-out as bank_reference, and in the bank's statement.
  id uuid primary key default uuidv7(),
  file_id uuid not null references payment_files (id),
  settlement_id uuid references settlements (id),
  cafe_bank_account_id uuid references cafe_bank_accounts (id),
  close_out_id uuid unique references close_outs (id),
  -- What was posted with it: one transfer is in one file, also if the code forgets. One that came back is paid by another.
  transaction_id uuid not null unique,
  amount_minor bigint not null check (amount_minor > 0),
  check ((settlement_id is null) <> (close_out_id is null)),
  check ((settlement_id is null) = (cafe_bank_account_id is null))
);
create index payment_file_lines_file on payment_file_lines (file_id);
create index payment_file_lines_settlement on payment_file_lines (settlement_id);

-- What the bank says that it did, as it says it. Which pay-out each entry is, the view bank_entry_states works out.
create table bank_statements (
  id uuid primary key default uuidv7(),
  account text not null check (length(account) between 1 and 40),
  statement_id text not null check (length(statement_id) between 1 and 70),
  entries_count integer not null check (entries_count >= 0),
  imported_by uuid not null references staff (id),
  created_at timestamptz not null default now(),
  unique (account, statement_id)
);

create table bank_entries (
  id uuid primary key default uuidv7(),
  statement_id uuid not null references bank_statements (id),
  account text not null,
  -- The bank's own name of the entry: the same in every statement that has it.
  entry_ref text not null check (length(entry_ref) between 1 and 120),
  reference text check (length(reference) between 1 and 140),
  direction text not null check (direction in ('out', 'in')),
  amount_minor bigint not null check (amount_minor >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  booked_on date not null,
  -- Why a bank sent it back (ISO 20022: AC04, account closed).
  return_reason text check (length(return_reason) between 1 and 35),
  unique (account, entry_ref)
);
create index bank_entries_statement on bank_entries (statement_id);
create index bank_entries_reference on bank_entries (reference);

grant select, insert, update on cafe_bank_accounts to campus_app;
grant select, insert on payment_files, payment_file_lines, bank_statements, bank_entries to campus_app;
