-- Why: charges_open_due (0056) finds these rows.
-- outside a transaction
drop index concurrently if exists charges_open_expiry;
