create type priced_lines as (outcome text, details jsonb, lines jsonb, subtotal_minor bigint, item_count integer);

-- What the lines cost at this café at that time, options and all; or what cannot be had. Locks the items whose stock is
-- counted, in the order of their ids, and changes nothing. A line is {"menu_item_id", "quantity", "choice_ids"}.
create or replace function price_lines(p_cafe_id uuid, p_lines jsonb, p_at timestamptz) returns priced_lines language plpgsql as $$
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
      select l.line ->> 'menu_item_id' as item_id, format('items.%s.choice_ids', l.place - 1) as field, format('%s is not a choice of this dish', w.choice_id) as problem
      from jsonb_array_elements(p_lines) with ordinality l (line, place), jsonb_array_elements_text(l.line -> 'choice_ids') w (choice_id)
      where not exists (select from menu_option_choices c join menu_option_groups g on g.id = c.group_id
        where c.id = w.choice_id::uuid and g.item_id = (l.line ->> 'menu_item_id')::uuid)
      union all
      select l.line ->> 'menu_item_id', format('items.%s.choice_ids', l.place - 1),
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
