-- Why: receipts are signed with Ed25519, whose signature is the same at every call. So none is stored: the debit writes which
-- key signs. Receipts of before were signed with another kind of key and exist in demo campuses only: they have no key.

-- Nothing is deployed yet: no process of an earlier release reads it.
-- squawk-ignore ban-drop-column
alter table receipts drop column jws, add column key_id text not null default '';
alter table receipts alter column key_id drop default;
-- Nothing is deployed yet: no process of an earlier release reads it.
-- squawk-ignore ban-drop-column
alter table failover_cases drop column jws, add column key_id text not null default '';
alter table failover_cases alter column key_id drop default;
