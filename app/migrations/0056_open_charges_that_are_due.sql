-- Why: as 0054, for those whose time is over: whoever ends them asks for ended_at too, and nobody else does.
-- outside a transaction
create index concurrently if not exists charges_open_due on charges (expires_at) where state = 'open' and ended_at is null;
