-- Why: a bulk credit is found by its reference alone, whoever it was given to.
-- outside a transaction
create index concurrently if not exists grants_reference on grants (reference);
