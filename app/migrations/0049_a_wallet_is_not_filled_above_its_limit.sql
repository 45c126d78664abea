-- Why: a top-up was held against the wallet's limit when it was begun, so that several begun at once, and gifts, lifted it above. The limit
-- is written down with what is to be collected, and asked when the money comes. Null for an order's money, which is owed to the student
-- wherever it does not fit its order, and for what was begun before this.
alter table gateway_orders add column wallet_max_minor bigint check (wallet_max_minor > 0);
