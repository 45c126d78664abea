-- outside a transaction
-- Why: charges_unpaid (0027) finds these rows too.
drop index concurrently if exists charges_refused;
