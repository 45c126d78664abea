-- Who is to hear of an event. A café without a till system of its own costs no row for it.
create or replace function consumers_of(p_event text, p_payload jsonb) returns table (topic text) language sql stable as $$
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
create or replace function fan_out_events(p_limit integer) returns integer language sql as $$
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
