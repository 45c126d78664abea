-- Why: requests to a phone that end without a payment are counted in whatever way they end, for each student and café.
-- outside a transaction
create index concurrently if not exists charges_unpaid on charges (student_id, ended_at) where state in ('declined', 'expired', 'voided', 'superseded');
