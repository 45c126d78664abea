-- Why: an order is more than a pickup paid by card. Options, tables, delivery, slots that can be booked, cash, and what the
-- kitchen and the driver do with it. An order is placed by one function: one round trip, one transaction, and every
-- refusal is found before the first row is written.
-- Lock order, kept everywhere: order, charge, items by id, slot, the café's counter, wallet.

alter table orders
  add column table_id uuid references cafe_tables (id),
  add column scheduled_for timestamptz,
  -- Portions in all lines: what the kitchen's queue is counted in.
  add column item_count integer not null default 0,
  add column cancel_reason short_text,
  add column no_show_at timestamptz;
update orders o set item_count = (select coalesce(sum(quantity), 0) from order_items where order_id = o.id);
-- Of the board, the queue and the sweep of unpaid orders. Without payment_status, so that a debit stays a HOT update.
create index orders_board on orders (cafe_id, status, id);

-- What was chosen, with names and prices as they were: [{"choice_id", "group_name", "name", "price_minor"}].
-- item_price_minor is the price of one piece with its options in it.
alter table order_items add column options jsonb not null default '[]' check (jsonb_typeof(options) = 'array');

-- How many orders hold a place in a slot that can be booked.
create table slot_counters (
  cafe_id uuid not null references cafes (id),
  starts_at timestamptz not null,
  taken integer not null check (taken >= 0),
  primary key (cafe_id, starts_at)
) with (fillfactor = 50);

create table delivery_assignments (
  id uuid primary key default uuidv7(),
  order_id uuid not null unique references orders (id),
  staff_id uuid not null references staff (id),
  status text not null default 'assigned' check (status in ('assigned', 'picked_up', 'delivered')),
  assigned_at timestamptz not null default now(),
  picked_up_at timestamptz,
  delivered_at timestamptz,
  check ((status = 'assigned') = (picked_up_at is null)),
  check ((status = 'delivered') = (delivered_at is not null))
);
create index delivery_assignments_staff on delivery_assignments (staff_id, id);

insert into setting_keys (key, default_value) values ('prepare_at_once', '4');

create function setting_number(p_cafe_id uuid, p_key text) returns bigint language sql stable parallel safe as $$
  select (setting_of(p_cafe_id, p_key) #>> '{}')::bigint;
$$;

-- RFC 3339 in UTC with milliseconds, as JavaScript writes it.
create function json_time(p_at timestamptz) returns text language sql stable parallel safe as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;

-- The one place where an order is written out for the API: place_order() stores this text with the Idempotency-Key in the
-- transaction of the order, and every read gives the same fields.
create function order_json(o orders) returns json language sql stable parallel safe as $$
  select json_build_object(
    'id', o.id, 'cafe_id', o.cafe_id, 'order_number', o.order_number,
    'printed_number', (select f.code from cafes f where f.id = o.cafe_id) || '-' || o.order_number,
    'status', o.status, 'order_type', o.order_type, 'payment_method', o.payment_method, 'payment_status', o.payment_status,
    'subtotal_minor', o.subtotal_minor, 'delivery_charge_minor', o.delivery_charge_minor, 'total_minor', o.total_minor,
    'refunded_minor', o.refunded_minor, 'currency', o.currency, 'special_instructions', o.special_instructions,
    'delivery_address', o.delivery_address, 'table_id', o.table_id,
    'table_label', (select t.label from cafe_tables t where t.id = o.table_id),
    'scheduled_for', json_time(o.scheduled_for), 'estimated_ready_time', json_time(o.estimated_ready_time),
    'cancel_reason', o.cancel_reason, 'version', o.version,
    'items', coalesce((
      select json_agg(json_build_object('menu_item_id', i.menu_item_id, 'item_name', i.item_name, 'item_price_minor', i.item_price_minor,
        'vat_basis_points', i.vat_basis_points, 'quantity', i.quantity, 'line_total_minor', i.line_total_minor, 'options', i.options) order by i.id)
      from order_items i where i.order_id = o.id), '[]'),
    'created_at', json_time(o.created_at), 'updated_at', json_time(o.updated_at));
$$;

-- Whether the kitchen may begin: paid, to be paid in cash, or a café that trusts.
create function may_start(o orders) returns boolean language sql stable parallel safe as $$
  select o.payment_status in ('paid', 'refunded') or o.payment_method = 'cash' or setting_of(o.cafe_id, 'prepare_before_paid') = 'true';
$$;

-- The slots that can be booked and begin on this day of the café's calendar. They are counted in real time from the
-- beginning of their time slot, so an hour that the clock reads twice has twice as many, and one that it skips has none.
create function order_slots(p_cafe_id uuid, p_day date) returns table (starts_at timestamptz, ends_at timestamptz, slot text)
language sql stable as $$
  select t, t + w.width, s.slot ->> 'name'
  from cafes f,
    lateral (select make_interval(mins => setting_number(f.id, 'slot_minutes')::integer) as width) w,
    jsonb_array_elements(setting_of(f.id, 'time_slots')) s (slot),
    lateral (select (s.slot ->> 'from')::time as begins, (s.slot ->> 'to')::time as ends) c,
    lateral (select (p_day + c.begins) at time zone f.time_zone as first,
      (p_day + c.ends + case when c.ends <= c.begins then interval '1 day' else interval '0' end) at time zone f.time_zone as last) r,
    generate_series(r.first, r.last - w.width, w.width) t
  where f.id = p_cafe_id;
$$;

-- What the kitchen is working on or may begin, at most 200 orders of each kind: booked ones from an hour before their slot.
create function kitchen_queue(p_cafe_id uuid) returns setof orders language sql stable as $$
  select o.* from unnest('{received,preparing}'::text[]) s (status),
    -- Whole rows are compared, so that the order can only be that of orders_board.
    lateral (select * from orders x
      where (x.cafe_id, x.status, x.id) > (p_cafe_id, s.status, '00000000-0000-0000-0000-000000000000')
        and (x.cafe_id, x.status, x.id) < (p_cafe_id, s.status, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by x.cafe_id desc, x.status desc, x.id desc limit 200) o
  where (o.scheduled_for is null or o.scheduled_for <= clock_timestamp() + interval '1 hour') and may_start(o);
$$;

-- The portions of the queue up to and with an order's own, so many at once, so many minutes each. A booked order is ready
-- at its slot, if the queue allows.
create function ready_by(p_cafe_id uuid, p_portions bigint, p_scheduled_for timestamptz) returns timestamptz language sql stable as $$
  select date_trunc('second', greatest(p_scheduled_for, clock_timestamp()
    + make_interval(mins => (setting_number(p_cafe_id, 'prepare_minutes') * ceil(p_portions::numeric / setting_number(p_cafe_id, 'prepare_at_once')))::integer)));
$$;

-- Told only where it moves by a minute or more; an order that somebody else is working on is left to them, so nobody waits here.
create function refresh_estimates(p_cafe_id uuid) returns void language sql as $$
  with queue as (
    select q.id, ready_by(p_cafe_id, sum(q.item_count) over (order by q.id), q.scheduled_for) as ready_by from kitchen_queue(p_cafe_id) q),
  moved as (
    select o.id, q.ready_by from queue q join orders o on o.id = q.id
    where o.status in ('received', 'preparing')
      and (o.estimated_ready_time is null or abs(extract(epoch from q.ready_by - o.estimated_ready_time)) >= 60)
    for no key update of o skip locked),
  told as (
    update orders o set estimated_ready_time = m.ready_by from moved m where o.id = m.id returning o.id, o.cafe_id, o.student_id, o.estimated_ready_time)
  select emit_event(array_remove(array['order:' || id, 'cafe:' || cafe_id, 'student:' || student_id], null), 'estimated_time',
    jsonb_build_object('order_id', id, 'ready_by', json_time(estimated_ready_time))) from told;
$$;

create type priced_lines as (outcome text, details jsonb, lines jsonb, subtotal_minor bigint, item_count integer);

-- What the lines cost at this café at that time, options and all; or what cannot be had. Locks the items whose stock is
-- counted, in the order of their ids, and changes nothing. A line is {"menu_item_id", "quantity", "choice_ids"}.
create function price_lines(p_cafe_id uuid, p_lines jsonb, p_at timestamptz) returns priced_lines language plpgsql as $$
declare r priced_lines; v_slot text := slot_of(p_cafe_id, p_at); v_ids uuid[];
begin
  select array_agg(distinct (l ->> 'menu_item_id')::uuid) into v_ids from jsonb_array_elements(p_lines) l;
  perform id from menu_items where id = any (v_ids) and cafe_id = p_cafe_id and stock is not null order by id for no key update;

  select jsonb_build_object('menu_item_ids', jsonb_agg(w.id)) into r.details
    from (select (l ->> 'menu_item_id')::uuid as id, sum((l ->> 'quantity')::integer) as quantity from jsonb_array_elements(p_lines) l group by 1) w
      left join menu_items m on m.id = w.id and m.cafe_id = p_cafe_id and m.deleted_at is null and not m.is_sold_out
        and (v_slot is null or cardinality(m.time_slots) = 0 or v_slot = any (m.time_slots))
    where m.id is null or m.stock < w.quantity
    having count(*) > 0;
  if r.details is not null then r.outcome := 'unavailable'; return r; end if;

  if exists (select from menu_option_groups where item_id = any (v_ids)) or exists (select from jsonb_array_elements(p_lines) l where l -> 'choice_ids' <> '[]') then
    select jsonb_build_object('menu_item_ids', jsonb_agg(distinct l.line ->> 'menu_item_id'), 'choice_ids', jsonb_agg(distinct c.id)) into r.details
      from jsonb_array_elements(p_lines) l (line), jsonb_array_elements_text(l.line -> 'choice_ids') w (choice_id)
        join menu_option_choices c on c.id = w.choice_id::uuid
      where not c.is_available having count(*) > 0;
    if r.details is not null then r.outcome := 'unavailable'; return r; end if;

    select jsonb_build_object('menu_item_ids', jsonb_agg(distinct p.item_id), 'fields', jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem))) into r.details from (
      select l.line ->> 'menu_item_id' as item_id, format('json.items.%s.choice_ids', l.place - 1) as field, format('%s is not a choice of this dish', w.choice_id) as problem
      from jsonb_array_elements(p_lines) with ordinality l (line, place), jsonb_array_elements_text(l.line -> 'choice_ids') w (choice_id)
      where not exists (select from menu_option_choices c join menu_option_groups g on g.id = c.group_id
        where c.id = w.choice_id::uuid and g.item_id = (l.line ->> 'menu_item_id')::uuid)
      union all
      select l.line ->> 'menu_item_id', format('json.items.%s.choice_ids', l.place - 1),
        format('of "%s" choose %s', g.name, case when g.min_choices = g.max_choices then g.min_choices::text else g.min_choices || ' to ' || g.max_choices end)
      from jsonb_array_elements(p_lines) with ordinality l (line, place) join menu_option_groups g on g.item_id = (l.line ->> 'menu_item_id')::uuid,
        lateral (select count(*) as chosen from jsonb_array_elements_text(l.line -> 'choice_ids') w (choice_id)
          join menu_option_choices c on c.id = w.choice_id::uuid where c.group_id = g.id) n
      where n.chosen not between g.min_choices and g.max_choices) p
      having count(*) > 0;
    if r.details is not null then r.outcome := 'options'; return r; end if;
  end if;

  select jsonb_agg(jsonb_build_object('menu_item_id', m.id, 'item_name', m.name, 'item_price_minor', m.price_minor + o.price_minor,
      'vat_basis_points', m.vat_basis_points, 'quantity', (l.line ->> 'quantity')::integer, 'is_counted', m.stock is not null, 'options', o.options) order by l.place),
      sum((m.price_minor + o.price_minor) * (l.line ->> 'quantity')::integer), sum((l.line ->> 'quantity')::integer)
    into r.lines, r.subtotal_minor, r.item_count
    from jsonb_array_elements(p_lines) with ordinality l (line, place) join menu_items m on m.id = (l.line ->> 'menu_item_id')::uuid,
      lateral (
        select coalesce(sum(c.price_minor), 0)::bigint as price_minor, coalesce(jsonb_agg(jsonb_build_object('choice_id', c.id, 'group_name', g.name, 'name', c.name,
          'price_minor', c.price_minor) order by g.display_order, g.id, c.display_order, c.id), '[]') as options
        from jsonb_array_elements_text(l.line -> 'choice_ids') w (choice_id)
          join menu_option_choices c on c.id = w.choice_id::uuid join menu_option_groups g on g.id = c.group_id) o;
  r.outcome := 'priced';
  return r;
end $$;

-- Takes priced lines for an order: what is counted from the stock, with its movement. Their items are locked by price_lines().
create function take_lines(p_order_id uuid, p_lines jsonb, p_reason text) returns void language sql as $$
  with line as (select * from jsonb_to_recordset(p_lines) as l (menu_item_id uuid, item_name text, item_price_minor bigint, vat_basis_points integer,
    quantity integer, is_counted boolean, options jsonb)),
  counted as (select menu_item_id, sum(quantity)::integer as quantity from line where is_counted group by menu_item_id),
  taken as (update menu_items m set stock = m.stock - c.quantity, updated_at = now() from counted c where m.id = c.menu_item_id),
  moved as (insert into stock_movements (item_id, change, reason, order_id) select menu_item_id, -quantity, p_reason, p_order_id from counted)
  insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor, stock_taken, options)
  select p_order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, item_price_minor * quantity,
    case when is_counted then quantity else 0 end, options from line;
$$;

-- Gives back what an order took from the stock, once. An item that is not counted any more gets nothing.
create function give_back_lines(p_order_id uuid, p_reason text) returns void language plpgsql as $$
begin
  perform m.id from menu_items m where m.id in (select menu_item_id from order_items where order_id = p_order_id and stock_taken > 0)
    and m.stock is not null order by m.id for no key update;
  with given as (select menu_item_id, sum(stock_taken)::integer as quantity from order_items where order_id = p_order_id and stock_taken > 0 group by menu_item_id),
  back as (update menu_items m set stock = m.stock + g.quantity, updated_at = now() from given g where m.id = g.menu_item_id and m.stock is not null returning m.id, g.quantity),
  moved as (insert into stock_movements (item_id, change, reason, order_id) select id, quantity, p_reason, p_order_id from back)
  update order_items set stock_taken = 0 where order_id = p_order_id and stock_taken > 0;
end $$;

create type place_outcome as (outcome text, details jsonb, order_id uuid);

-- Takes an order. p_student_id is null where the counter sells to somebody without an account.
create function place_order(
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_outcome language plpgsql as $$
declare
  r place_outcome; f cafes; l priced_lines; v_at timestamptz := coalesce(p_scheduled_for, clock_timestamp()); v_day date; v_table uuid; v_max bigint;
  v_charge bigint := 0; v_ready timestamptz; v_order uuid := uuidv7();
begin
  select * into f from cafes where id = p_cafe_id;
  if not found then r.outcome := 'no_cafe'; return r; end if;
  v_day := (clock_timestamp() at time zone f.time_zone)::date;
  if p_scheduled_for is not null then
    if p_scheduled_for <= clock_timestamp() or p_scheduled_for > clock_timestamp() + interval '7 days' then r.outcome := 'no_slot'; return r; end if;
    if not exists (select from generate_series(-1, 0) d, order_slots(f.id, (p_scheduled_for at time zone f.time_zone)::date + d) s where s.starts_at = p_scheduled_for) then
      r.outcome := 'no_slot'; return r;
    end if;
  end if;
  if not cafe_takes_orders_at(f.id, v_at) then r.outcome := 'closed'; return r; end if;
  if p_order_type = 'delivery' then
    if setting_of(f.id, 'delivery_enabled') <> 'true' then r.outcome := 'method'; r.details := '{"order_type": "delivery"}'; return r; end if;
    v_charge := setting_number(f.id, 'delivery_charge');
  elsif p_order_type = 'table' then
    select id into v_table from cafe_tables where cafe_id = f.id and is_active and (id = p_table_id or code = p_table_code);
    if not found then r.outcome := 'no_table'; return r; end if;
  end if;
  if (p_payment_method = 'cash' and setting_of(f.id, 'cash_payment_enabled') <> 'true') or (p_payment_method = 'upi' and setting_of(f.id, 'upi_payment_enabled') <> 'true') then
    r.outcome := 'method'; r.details := jsonb_build_object('payment_method', p_payment_method); return r;
  end if;
  l := price_lines(f.id, p_lines, v_at);
  if l.outcome <> 'priced' then r.outcome := l.outcome; r.details := l.details; return r; end if;
  if p_scheduled_for is not null then
    v_max := setting_number(f.id, 'max_orders_per_slot');
    insert into slot_counters as c (cafe_id, starts_at, taken) select f.id, p_scheduled_for, 1 where v_max > 0
      on conflict (cafe_id, starts_at) do update set taken = c.taken + 1 where c.taken < v_max;
    if not found then
      r.outcome := 'slot_full';
      r.details := jsonb_build_object('current', coalesce((select taken from slot_counters where cafe_id = f.id and starts_at = p_scheduled_for), 0), 'max', v_max);
      return r;
    end if;
  end if;

  select ready_by(f.id, coalesce(sum(q.item_count), 0) + l.item_count, p_scheduled_for) into v_ready from kitchen_queue(f.id) q;

  -- The last statement: the counter's row is held for it and the commit only, so numbers have no gap and hardly anybody waits.
  with taken as (
    insert into order_counters (cafe_id, day, last_number) values (f.id, v_day, 1)
    on conflict (cafe_id, day) do update set last_number = order_counters.last_number + 1
    returning last_number),
  placed as (
    insert into orders (id, cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, delivery_charge_minor, total_minor, currency,
      special_instructions, delivery_address, table_id, scheduled_for, estimated_ready_time, item_count)
    select v_order, f.id, p_student_id, 'ORD-' || to_char(v_day, 'YYYYMMDD') || '-' || lpad(last_number::text, greatest(3, length(last_number::text)), '0'), v_day,
      p_order_type, p_payment_method, l.subtotal_minor, v_charge, l.subtotal_minor + v_charge, f.currency,
      p_special_instructions, p_delivery_address, v_table, p_scheduled_for, v_ready, l.item_count
    from taken
    returning id, cafe_id, student_id, order_number, total_minor)
  select id into r.order_id from placed p, lateral (select take_lines(p.id, l.lines, 'ordered')) t,
    lateral (select emit_event(array_remove(array['cafe:' || p.cafe_id, 'order:' || p.id, 'student:' || p.student_id], null), 'order_placed',
      jsonb_build_object('order_id', p.id, 'order_number', p.order_number, 'amount_minor', p.total_minor))) e;
  r.outcome := 'placed';
  return r;
end $$;

create type place_once_outcome as (outcome text, details jsonb, body text);

-- The order and the answer that is remembered under its Idempotency-Key (where it has one), as app/platform/idempotency.ts
-- does it: the key is claimed first, and a refusal leaves no row.
create function place_order_once(
  p_principal text, p_route text, p_key text, p_body_hash bytea,
  p_cafe_id uuid, p_student_id uuid, p_lines jsonb, p_order_type text, p_payment_method text, p_special_instructions text,
  p_delivery_address text, p_table_id uuid, p_table_code text, p_scheduled_for timestamptz
) returns place_once_outcome language plpgsql as $$
declare r place_once_outcome; a idempotency_answers; p place_outcome;
begin
  if p_key is not null then
    if not pg_try_advisory_xact_lock(hashtextextended(p_principal || '|' || p_route || '|' || p_key, 0)) then r.outcome := 'busy'; return r; end if;
    select * into a from idempotency_answers where principal = p_principal and route = p_route and key = p_key;
    if found then
      r.outcome := case when a.body_hash = p_body_hash then 'stored' else 'mismatch' end;
      r.body := a.body;
      return r;
    end if;
  end if;
  p := place_order(p_cafe_id, p_student_id, p_lines, p_order_type, p_payment_method, p_special_instructions, p_delivery_address, p_table_id, p_table_code, p_scheduled_for);
  r.outcome := p.outcome; r.details := p.details;
  if p.outcome <> 'placed' then return r; end if;
  select json_build_object('order', order_json(o))::text into r.body from orders o where o.id = p.order_id;
  if p_key is not null then
    insert into idempotency_answers (principal, route, key, body_hash, status, body, expires_at)
      values (p_principal, p_route, p_key, p_body_hash, 201, r.body, now() + interval '24 hours');
  end if;
  return r;
end $$;

-- Other lines for an order that the caller holds locked. What the order had is given back first; where the outcome is not
-- 'priced' the caller rolls back.
create function amend_lines(p_order_id uuid, p_lines jsonb, p_special_instructions text) returns priced_lines language plpgsql as $$
declare l priced_lines; o orders;
begin
  select * into o from orders where id = p_order_id;
  perform m.id from menu_items m where m.cafe_id = o.cafe_id and m.stock is not null
    and (m.id in (select menu_item_id from order_items where order_id = o.id and stock_taken > 0)
    or m.id in (select (x ->> 'menu_item_id')::uuid from jsonb_array_elements(p_lines) x)) order by m.id for no key update;
  perform give_back_lines(o.id, 'order_changed');
  delete from order_items where order_id = o.id;
  l := price_lines(o.cafe_id, p_lines, coalesce(o.scheduled_for, clock_timestamp()));
  if l.outcome <> 'priced' then return l; end if;
  perform take_lines(o.id, l.lines, 'order_changed');
  update orders set subtotal_minor = l.subtotal_minor, total_minor = l.subtotal_minor + delivery_charge_minor, item_count = l.item_count, version = version + 1,
    special_instructions = p_special_instructions, updated_at = now() where id = o.id returning * into o;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'order_changed',
    jsonb_build_object('order_id', o.id, 'order_number', o.order_number, 'amount_minor', o.total_minor, 'version', o.version));
  return l;
end $$;

-- Moves an order that the caller holds locked and has found movable by the table of transitions. A cancelled order lets go of
-- its charge, its stock and its place in the slot; what nobody fetched was cooked, so a no-show gives nothing back. What a
-- driver does with it follows its status.
create function set_order_status(p_order_id uuid, p_status text, p_reason text, p_is_no_show boolean) returns void language plpgsql as $$
declare o orders;
begin
  if p_status = 'cancelled' then
    perform end_charge(id, 'voided', 'order cancelled') from charges where order_id = p_order_id and state = 'open';
    if not p_is_no_show then
      perform give_back_lines(p_order_id, case when p_reason = 'unpaid' then 'order_expired' else 'order_cancelled' end);
      update slot_counters c set taken = c.taken - 1 from orders x where x.id = p_order_id and c.cafe_id = x.cafe_id and c.starts_at = x.scheduled_for;
    end if;
  end if;
  update orders set status = p_status, updated_at = now(), no_show_at = case when p_is_no_show then now() end,
      cancelled_at = case when p_status = 'cancelled' then now() end, cancel_reason = case when p_status = 'cancelled' then p_reason end,
      version = version + case when p_status = 'cancelled' then 1 else 0 end
    where id = p_order_id returning * into o;
  update delivery_assignments set
      status = case p_status when 'ready' then 'assigned' when 'completed' then 'delivered' else 'picked_up' end,
      picked_up_at = case when p_status <> 'ready' then coalesce(picked_up_at, now()) end,
      delivered_at = case when p_status = 'completed' then now() end
    where order_id = o.id and p_status in ('ready', 'out_for_delivery', 'completed');
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'status_changed',
    jsonb_build_object('order_id', o.id, 'status', o.status, 'updated_at', json_time(o.updated_at)));
  if may_start(o) then perform refresh_estimates(o.cafe_id); end if;
end $$;

-- The smallest UUIDv7 of a moment: ids sort by time, so it bounds a search by time on an index of ids.
create function uuid_from(p_at timestamptz) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;

-- Cancels what nobody paid in time: so many minutes after it was placed or, where a slot is booked, after the slot's end.
-- Never while a charge is open: the student may be looking at it. Cash is paid when the food is handed over. Returns how many.
create function cancel_unpaid_orders(p_limit integer) returns integer language plpgsql as $$
declare v_id uuid; v_cancelled integer := 0;
begin
  for v_id in
    select o.id from cafes f,
      lateral (select make_interval(mins => setting_number(f.id, 'unpaid_cancel_minutes')::integer) as wait, make_interval(mins => setting_number(f.id, 'slot_minutes')::integer) as slot) s,
      lateral (select * from orders x
        where (x.cafe_id, x.status, x.id) > (f.id, 'received', uuid_from(now() - interval '9 days')) and (x.cafe_id, x.status, x.id) < (f.id, 'received', uuid_from(now()))
          and x.payment_status in ('pending', 'failed') and x.payment_method <> 'cash' and coalesce(x.scheduled_for + s.slot, x.created_at) <= now() - s.wait
        order by x.cafe_id, x.status, x.id limit p_limit) o
    limit p_limit
  loop
    perform from orders where id = v_id and status = 'received' and payment_status in ('pending', 'failed') for update skip locked;
    if found and not exists (select from charges where order_id = v_id and state = 'open' and expires_at > clock_timestamp()) then
      perform set_order_status(v_id, 'cancelled', 'unpaid', false);
      v_cancelled := v_cancelled + 1;
    end if;
  end loop;
  return v_cancelled;
end $$;

-- The money of a cash order is in the till. Null where there is nothing to take: paid, cancelled, or not to be paid in cash.
create function take_cash(p_order_id uuid) returns uuid language plpgsql as $$
declare o orders; v_id uuid; v_at timestamptz;
begin
  select * into o from orders where id = p_order_id and payment_method = 'cash' and payment_status = 'pending' and status <> 'cancelled' for update;
  if not found then return null; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id)
    values ('cash_sale', account_of('cash', null, o.cafe_id, o.currency), account_of('cafe_payable', null, o.cafe_id, o.currency), o.total_minor, o.currency, o.id)
    returning id, at into v_id, v_at;
  update orders set payment_status = 'paid', paid_transaction_id = v_id, paid_at = v_at, updated_at = now() where id = o.id;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'order_paid',
    jsonb_build_object('order_id', o.id, 'order_number', o.order_number, 'payment_status', 'paid', 'amount_minor', o.total_minor));
  insert into outbox (topic, payload) values ('order.paid', jsonb_build_object('transaction_id', v_id, 'order_id', o.id, 'cafe_id', o.cafe_id,
    'amount_minor', o.total_minor, 'currency', o.currency, 'at', v_at));
  return v_id;
end $$;

-- The rest of what a cash order was paid with is handed back over the counter. Null where nothing is left of it. The caller
-- holds the order locked.
create function give_back_cash(p_order_id uuid, p_reason text, p_staff_id uuid) returns uuid language plpgsql as $$
declare o orders; v_transaction uuid; v_refund uuid;
begin
  update orders set refunded_minor = total_minor, payment_status = 'refunded', updated_at = now()
    where id = p_order_id and payment_method = 'cash' and payment_status = 'paid' and refunded_minor < total_minor
    returning * into o;
  if not found then return null; end if;
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id, corrects_id)
    select 'refund', account_of('cafe_payable', null, o.cafe_id, o.currency), account_of('cash', null, o.cafe_id, o.currency),
      o.total_minor - coalesce((select sum(amount_minor) from refunds where order_id = o.id), 0), o.currency, o.id, o.paid_transaction_id
    returning id into v_transaction;
  insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by)
    select o.id, amount_minor, p_reason, id, p_staff_id from ledger_transactions where id = v_transaction returning id into v_refund;
  perform emit_event(array_remove(array['order:' || o.id, 'cafe:' || o.cafe_id, 'student:' || o.student_id], null), 'refunded',
    jsonb_build_object('order_id', o.id, 'refund_id', v_refund, 'amount_minor', (select amount_minor from refunds where id = v_refund),
      'refunded_minor', o.refunded_minor, 'currency', o.currency, 'payment_status', o.payment_status));
  return v_refund;
end $$;

grant select, insert, update on slot_counters, delivery_assignments to campus_app;
