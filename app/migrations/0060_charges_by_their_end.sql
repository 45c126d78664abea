-- Why: the look at the books every few minutes asks which charges ended since the last one, and read all charges for it.
-- outside a transaction
create index concurrently if not exists charges_ended on charges using brin (ended_at) with (autosummarize = on);
