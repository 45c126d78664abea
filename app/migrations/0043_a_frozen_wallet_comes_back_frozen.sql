-- Why: whoever froze a wallet does not have it thawed, without a code, by a close-out that the bank sends back. Null where it was not
-- paid, or paid before this was written down.
alter table close_outs add column was_frozen boolean;
