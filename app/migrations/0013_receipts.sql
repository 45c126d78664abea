-- Why: what a payment leaves in the student's hand, signed; and, where an environment wishes them, by e-mail.

-- One a charge, and a charge has one transaction. The payload is written with the debit. The signature is added once (ECDSA gives another one each time).
create table receipts (
  id uuid primary key,
  transaction_id uuid not null,
  charge_id uuid not null unique,
  order_id uuid not null,
  student_id uuid not null,
  payload text not null,
  jws text,
  created_at timestamptz not null default now()
) with (fillfactor = 50);

-- A payment is told at least once; by its event's id, remembered here, a second copy of the message mails no second receipt. No
-- name and no address stands here, so an erasure finds nothing.
create table receipt_mails (
  event_id uuid primary key,
  taken_at timestamptz not null default now()
);
create index receipt_mails_taken on receipt_mails (taken_at);

grant select, insert on receipts to campus_app;
grant update (jws) on receipts to campus_app;
grant select, insert, delete on receipt_mails to campus_app;
