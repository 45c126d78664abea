-- Why: everyone hears of an order, also a café's own till system. What is posted there is kept, so that a till that was down
-- can be told again.

-- A café's own till system, to which orders are posted. Its secret signs them and is kept sealed.
create table webhook_endpoints (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  url text not null check (length(url) between 8 and 500),
  sealed_secret text not null,
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
create index webhook_endpoints_cafe on webhook_endpoints (cafe_id, id) where removed_at is null;

-- What is posted to it: the very bytes, so that each try and each redelivery is the same. Known by its event's id.
create table webhook_deliveries (
  id uuid primary key default uuidv7(),
  endpoint_id uuid not null references webhook_endpoints (id),
  event_id uuid not null,
  event text not null check (event in ('order.received', 'order.paid', 'order.changed', 'test')),
  order_id uuid references orders (id),
  body text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
  tries integer not null default 0,
  last_tried_at timestamptz,
  last_status smallint,
  last_error short_text,
  delivered_at timestamptz,
  created_at timestamptz not null default now(),
  unique (endpoint_id, event_id),
  check ((state = 'delivered') = (delivered_at is not null))
) with (fillfactor = 70);
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, id);
create index webhook_deliveries_order on webhook_deliveries (order_id);
create index webhook_deliveries_created on webhook_deliveries (created_at);

grant select, insert, update on webhook_endpoints to campus_app;
grant select, insert, update, delete on webhook_deliveries to campus_app;
