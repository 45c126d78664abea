-- Why: one stranger used up what everybody shares of codes for unknown phones, and nobody else got any. Whose codes nobody types is told by
-- the network ("192.0.2.x"), which a row keeps for its one day.
alter table otps add column network text check (length(network) <= 60);
