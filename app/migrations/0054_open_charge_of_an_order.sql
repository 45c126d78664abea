-- Why: at night no charge is open, and by the statistics of then each partial index of the open ones is read whole by whoever looks for one of them: at lunch
-- a scan read all that were open, twice. Each index is for its own question now: what its question asks stands in its condition.
-- outside a transaction
create unique index concurrently if not exists charges_open_of_order on charges (order_id) where state = 'open' and order_id is not null;
