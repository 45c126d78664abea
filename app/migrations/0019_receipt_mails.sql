-- Why: receipts by e-mail, where an environment wishes them. A payment is told at least once; by its event's id, remembered
-- here, a second copy of the message mails no second receipt. No name and no address stands here, so an erasure finds nothing.

create table receipt_mails (
  event_id uuid primary key,
  taken_at timestamptz not null default now()
);
create index receipt_mails_taken on receipt_mails (taken_at);

grant select, insert, delete on receipt_mails to campus_app;
