-- Who is to hear of an event. A café without a system of its own costs no row for it, and of its money only a system hears that was told to.
create or replace function consumers_of(p_event text, p_payload jsonb) returns table (topic text) language sql stable as $$
  select c.topic from (values
    ('transaction.metrics', p_event = 'order.paid'),
    ('transaction.publish', p_event = 'order.paid'),
    ('receipt.store', p_event = 'order.paid'),
    ('push.order', p_event in ('order.received', 'order.paid')
      or (p_event = 'order.changed' and p_payload ->> 'status' in ('preparing', 'ready', 'out_for_delivery'))),
    ('money.publish', p_event not like 'order.%'),
    -- A row that names no café must not stop the rows beside it.
    (case when p_event like 'order.%' then 'pos.order' else 'pos.money' end, exists (
      select from webhook_endpoints w where w.removed_at is null and (p_event like 'order.%' or w.hears_money)
        and w.cafe_id = case when p_payload ->> 'cafe_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (p_payload ->> 'cafe_id')::uuid end))
  ) c (topic, is_wanted) where c.is_wanted;
$$;

-- Makes of each event one row for each consumer and marks it done, in one statement: a worker killed in it has done nothing.
-- The event's own id goes along: it is by this that whoever receives it twice knows it again.
create or replace function fan_out_events(p_limit integer) returns integer language sql as $$
  with due as (
    select d.id from unnest(array['order.received', 'order.paid', 'order.changed', 'top_up.credited', 'refund.made', 'refund.settled',
        'dispute.opened', 'dispute.closed', 'settlement.made', 'settlement.paid', 'settlement.returned']) e (topic),
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
