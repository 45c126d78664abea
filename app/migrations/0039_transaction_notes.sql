-- Why: whoever moves money has a name for it in another system (an invoice, a till's own number), and finds it here again by that.
-- Beside the documents and not in their rows: a debit writes its order's row and must not carry this along.

create table transaction_notes (
  id uuid primary key default uuidv7(),
  document text not null check (document in ('orders', 'gateway_orders', 'refunds', 'gateway_refunds', 'refund_proposals', 'adjustments')),
  document_id uuid not null,
  -- Whose it is to find; null: the university's.
  cafe_id uuid references cafes (id),
  reference text check (length(reference) between 1 and 64),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 8192),
  created_at timestamptz not null default now(),
  unique (document, document_id),
  check (reference is not null or metadata <> '{}')
);
create index transaction_notes_reference on transaction_notes (reference, cafe_id) where reference is not null;
create index transaction_notes_metadata on transaction_notes using gin (metadata jsonb_path_ops);
grant select, insert, delete on transaction_notes to campus_app;

-- A file of bulk credits names each of its lines already; what it says of all of them stands with the file.
alter table bulk_credits add column metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 8192);
