-- Why: the ledger check asks these for every row. The digest's body is stable, not immutable (concat_ws), so as an immutable
-- function it could not be inlined; and a query with a function that is not marked parallel safe has no parallel plan.
alter function digest_of(charges) stable parallel safe;
alter function transaction_text(ledger_transactions) parallel safe;
alter function anchor_hash(date, bigint, bytea, bytea) parallel safe;
