-- Why: charges_open_of_order (0054) keeps an order to one open charge.
-- outside a transaction
drop index concurrently if exists charges_one_open;
