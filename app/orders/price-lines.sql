create type priced_lines as (outcome text, details jsonb, lines jsonb, subtotal_minor bigint, item_count integer);

-- What the lines cost at this café at that time, options and all; or what cannot be had. Locks the items whose stock is
-- counted, in the order of their ids, and changes nothing. A line is {"menu_item_id", "quantity", "choice_ids"}.
create or replace function price_lines(p_cafe_id uuid, p_lines jsonb, p_at timestamptz) returns priced_lines language plpgsql as $$
declare
  result priced_lines;
  v_item_ids uuid[];
begin
  select array_agg(distinct (l ->> 'menu_item_id')::uuid) into v_item_ids from jsonb_array_elements(p_lines) l;
  perform id from menu_items where id = any (v_item_ids) and cafe_id = p_cafe_id and stock is not null order by id for no key update;

  result.details := missing_dishes(p_cafe_id, p_lines, slot_of(p_cafe_id, p_at));
  if result.details is not null then result.outcome := 'unavailable'; return result; end if;
  if exists (select from menu_option_groups where item_id = any (v_item_ids)) or exists (select from jsonb_array_elements(p_lines) l where l -> 'choice_ids' <> '[]') then
    result.details := missing_choices(p_lines);
    if result.details is not null then result.outcome := 'unavailable'; return result; end if;
    result.details := misfit_choices(p_lines);
    if result.details is not null then result.outcome := 'options'; return result; end if;
  end if;

  select 'priced', null, jsonb_agg(to_jsonb(x) - 'place' order by x.place), sum(x.item_price_minor * x.quantity), sum(x.quantity)
    into result from lines_with_prices(p_lines) x;
  -- As any amount of a campus (app/ledger/field-schemas.ts): far below where the sum of a café's sales leaves the safe integers.
  if result.subtotal_minor > 1000000000 then result.outcome := 'too_large'; result.details := jsonb_build_object('max_minor', 1000000000); end if;
  return result;
end $$;

-- Dishes that are not on this café's menu at that time of day, sold out, or too few; null where there are none.
create or replace function missing_dishes(p_cafe_id uuid, p_lines jsonb, p_slot text) returns jsonb language sql stable as $$
  select jsonb_build_object('menu_item_ids', jsonb_agg(wanted.id))
  from (select (l ->> 'menu_item_id')::uuid as id, sum((l ->> 'quantity')::integer) as quantity from jsonb_array_elements(p_lines) l group by 1) wanted
    left join menu_items m on m.id = wanted.id and m.cafe_id = p_cafe_id and m.deleted_at is null and not m.is_sold_out
      and (p_slot is null or cardinality(m.time_slots) = 0 or p_slot = any (m.time_slots))
  where m.id is null or m.stock < wanted.quantity
  having count(*) > 0;
$$;

create or replace function missing_choices(p_lines jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object('menu_item_ids', jsonb_agg(distinct l.line ->> 'menu_item_id'), 'choice_ids', jsonb_agg(distinct c.id))
  from jsonb_array_elements(p_lines) l (line), jsonb_array_elements_text(l.line -> 'choice_ids') chosen (id) join menu_option_choices c on c.id = chosen.id::uuid
  where not c.is_available
  having count(*) > 0;
$$;

-- Choices that belong to another dish, and groups of which too few or too many were chosen, by the field that has them; null where all fits.
create or replace function misfit_choices(p_lines jsonb) returns jsonb language sql stable as $$
  with lines as (
    select l.line ->> 'menu_item_id' as item_id, l.line -> 'choice_ids' as choice_ids, format('items.%s.choice_ids', l.place - 1) as field
    from jsonb_array_elements(p_lines) with ordinality l (line, place)),
  problems as (
    select l.item_id, l.field, format('%s is not a choice of this dish', chosen.id) as problem
    from lines l, jsonb_array_elements_text(l.choice_ids) chosen (id)
    where not exists (select from menu_option_choices c join menu_option_groups g on g.id = c.group_id where c.id = chosen.id::uuid and g.item_id = l.item_id::uuid)
    union all
    select l.item_id, l.field,
      format('of "%s" choose %s', g.name, case when g.min_choices = g.max_choices then g.min_choices::text else g.min_choices || ' to ' || g.max_choices end)
    from lines l join menu_option_groups g on g.item_id = l.item_id::uuid, lateral (
      select count(*) as count from jsonb_array_elements_text(l.choice_ids) x (id) join menu_option_choices c on c.id = x.id::uuid where c.group_id = g.id) chosen
    where chosen.count not between g.min_choices and g.max_choices)
  select jsonb_build_object('menu_item_ids', jsonb_agg(distinct item_id), 'fields', jsonb_agg(jsonb_build_object('field', field, 'problem', problem)))
  from problems
  having count(*) > 0;
$$;

-- The lines as an order keeps them: names and prices of now, the options' in the price of a piece.
create or replace function lines_with_prices(p_lines jsonb)
returns table (place bigint, menu_item_id uuid, item_name text, item_price_minor bigint, vat_basis_points integer, quantity integer, is_counted boolean, options jsonb)
language sql stable as $$
  select l.place, m.id, m.name, m.price_minor + chosen.price_minor, m.vat_basis_points, (l.line ->> 'quantity')::integer, m.stock is not null, chosen.options
  from jsonb_array_elements(p_lines) with ordinality l (line, place) join menu_items m on m.id = (l.line ->> 'menu_item_id')::uuid,
    lateral (
      select coalesce(sum(c.price_minor), 0)::bigint as price_minor, coalesce(jsonb_agg(jsonb_build_object('choice_id', c.id, 'group_name', g.name, 'name', c.name,
        'price_minor', c.price_minor) order by g.display_order, g.id, c.display_order, c.id), '[]') as options
      from jsonb_array_elements_text(l.line -> 'choice_ids') x (id) join menu_option_choices c on c.id = x.id::uuid join menu_option_groups g on g.id = c.group_id) chosen;
$$;
