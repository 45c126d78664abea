-- Why: how many rows were given up is a metric, asked once a minute; without this it reads the whole outbox.
create index outbox_dead on outbox (dead_at) where dead_at is not null;
