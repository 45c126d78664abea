-- Why: scan, confirm, debit. Each step that decides about money is one function, so that it is one round trip and one
-- transaction (measured: two to three times the rate of the same statements sent one by one).
-- Lock order, kept everywhere: order, charge, the guards of card, device and café, wallet.

create domain charge_state as text check (value in ('open', 'confirmed', 'declined', 'expired', 'voided', 'superseded'));
create domain prompt_channel as text check (value in ('push', 'ws', 'poll'));
create domain match_code as text check (value ~ '^[0-9]{2}$');

create table charges (
  id uuid primary key default uuidv7(),
  order_id uuid not null references orders (id),
  -- Copied by open_charge from rows that it has just read and that are never deleted. Foreign keys would lock the café's
  -- and the terminal's row for every scan; I6 compares all four with the order, the terminal and the card.
  cafe_id uuid not null,
  device_id uuid not null,
  student_id uuid not null,
  card_id uuid not null,
  state charge_state not null default 'open',
  amount_minor positive_minor not null,
  currency text not null,
  order_version integer not null,
  nonce text not null,
  digest text not null,
  digest_version smallint not null default 1,
  match_code match_code not null,
  number_match_required boolean not null,
  wrong_numbers smallint not null default 0,
  short_code text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_because text,
  transaction_id uuid,
  -- When and how the request first reached the phone: push, ws or poll.
  prompted_at timestamptz,
  prompted_by prompt_channel,
  check ((state = 'open') = (ended_at is null)),
  check ((state = 'confirmed') = (transaction_id is not null))
) with (fillfactor = 70);
create unique index charges_one_open on charges (order_id) where state = 'open';
-- Partial, so that a new charge, which has no transaction yet, is not entered into it.
create unique index charges_transaction on charges (transaction_id) where transaction_id is not null;
-- Also of a card: its open charges are its student's.
create index charges_open_student on charges (student_id) where state = 'open';
create index charges_open_expiry on charges (expires_at) where state = 'open';
create index charges_refused on charges (student_id, ended_at) where state in ('declined', 'expired');
alter table charges set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- The POS makes a scan's id before it sends it: the same id is the same wish, for ever.
create table scans (
  device_id uuid not null,
  scan_id uuid not null,
  card_id uuid not null,
  charge_id uuid not null,
  at timestamptz not null default now(),
  primary key (device_id, scan_id)
);

-- When something began or ceased to be allowed to take part, so that "not at that moment" can be checked afterwards.
create table status_changes (
  id bigint generated always as identity primary key,
  object_kind text not null check (object_kind in ('wallet', 'card', 'device', 'cafe')),
  object_id uuid not null,
  allowed boolean not null,
  at timestamptz not null
);
create index status_changes_object on status_changes (object_kind, object_id, at);

grant select, insert, update on charges to campus_app;
grant select, insert on scans, status_changes to campus_app;
