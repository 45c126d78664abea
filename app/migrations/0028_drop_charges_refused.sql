-- Why: charges_unpaid (0027) finds these rows too.
-- outside a transaction
drop index concurrently if exists charges_refused;
