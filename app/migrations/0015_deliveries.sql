-- Why: everyone hears of an order. What happened to it leaves one row in the outbox, in the transaction of its cause; the
-- worker makes of it one row for each who is to hear of it, so that a café's till that is down delays no phone and no receipt.

-- A lane of a worker asks for its own topics: with the time alone in front it would read past every row of the others.
drop index outbox_due;
create index outbox_due on outbox (topic, due_at) where done_at is null and dead_at is null;

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

-- A push goes to staff too, and tells of an order.
alter table notifications
  alter column student_id drop not null,
  add column staff_id uuid references staff (id),
  add constraint notifications_recipient check ((student_id is null) <> (staff_id is null)),
  drop constraint notifications_event_check,
  add constraint notifications_event_check
    check (event in ('charge', 'order_new', 'order_received', 'order_preparing', 'order_ready', 'order_out_for_delivery'));

-- Word of an order that may be begun: a new one, and whatever changes it afterwards. An order that is still to be paid is
-- nobody's news; its payment writes a row of its own. A debit sets none of these columns, so it never comes here.
create function tell_of_order() returns trigger language plpgsql as $$
begin
  if not may_start(new) then return null; end if;
  if tg_op = 'INSERT' then
    insert into outbox (topic, payload) values ('order.received', jsonb_build_object('order_id', new.id, 'cafe_id', new.cafe_id, 'at', now()));
  else
    insert into outbox (topic, payload) values ('order.changed', jsonb_build_object('order_id', new.id, 'cafe_id', new.cafe_id, 'at', now(),
      'status', case when old.status <> new.status then new.status end));
  end if;
  return null;
end $$;
create trigger orders_told after insert on orders for each row execute function tell_of_order();
create trigger orders_change_told after update of status, version, refunded_minor on orders for each row
  when (old.status <> new.status or old.version <> new.version or old.refunded_minor <> new.refunded_minor) execute function tell_of_order();

-- Who is to hear of an event. A café without a till system of its own costs no row for it.
create function consumers_of(p_event text, p_payload jsonb) returns table (topic text) language sql stable as $$
  select c.topic from (values
    ('transaction.metrics', p_event = 'order.paid'),
    ('transaction.publish', p_event = 'order.paid'),
    ('receipt.store', p_event = 'order.paid'),
    ('push.order', p_event <> 'order.changed' or p_payload ->> 'status' in ('preparing', 'ready', 'out_for_delivery')),
    -- A row that names no café must not stop the rows beside it.
    ('pos.order', exists (select from webhook_endpoints w where w.removed_at is null
      and w.cafe_id = case when p_payload ->> 'cafe_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (p_payload ->> 'cafe_id')::uuid end))
  ) c (topic, is_wanted) where c.is_wanted;
$$;

-- Makes of each event one row for each consumer and marks it done, in one statement: a worker killed in it has done nothing.
-- The event's own id goes along: it is by this that whoever receives it twice knows it again.
create function spread_outbox(p_limit integer) returns integer language sql as $$
  with due as (
    select d.id from (values ('order.received'), ('order.paid'), ('order.changed')) e (topic),
      lateral (
        select id from outbox o where o.topic = e.topic and o.done_at is null and o.dead_at is null and o.due_at <= now()
        order by o.due_at limit p_limit for update skip locked) d),
  spread as (
    update outbox o set done_at = now(), tries = o.tries + 1 from due where o.id = due.id returning o.id, o.topic, o.payload),
  told as (
    insert into outbox (topic, payload)
    select c.topic, s.payload || jsonb_build_object('event_id', s.id, 'event', s.topic) from spread s, lateral consumers_of(s.topic, s.payload) c)
  select count(*)::integer from spread;
$$;

grant select, insert, update on webhook_endpoints to campus_app;
grant select, insert, update, delete on webhook_deliveries to campus_app;
