-- Whether a wall clock reads a time in the opening hours. An interval belongs to the day on which it begins: so does a
-- holiday, and the night before it may still end in it. An hour that the clock reads twice is open twice.
create or replace function opening_covers(p_hours jsonb, p_holidays jsonb, p_local timestamp) returns boolean language sql stable parallel safe as $$
  select case when p_hours is null and p_holidays = '[]' then true else exists (
    select from (values (p_local::date), (p_local::date - 1)) as d (day),
      jsonb_array_elements(case when p_hours is null then '[{"from": "00:00", "to": "24:00"}]' else p_hours -> to_char(d.day, 'FMday') end) i
    where p_local >= d.day + (i ->> 'from')::time
      and p_local < d.day + (i ->> 'to')::time + case when (i ->> 'to')::time <= (i ->> 'from')::time then interval '1 day' else interval '0' end
      and not exists (select from jsonb_array_elements(p_holidays) h where d.day between (h ->> 'from')::date and (h ->> 'to')::date)
  ) end;
$$;

create or replace function cafe_takes_orders_at(p_cafe_id uuid, p_at timestamptz) returns boolean language sql stable parallel safe as $$
  select coalesce((
    select f.status = 'approved' and (f.paused_until is null or f.paused_until <= p_at)
      and setting_of(f.id, 'restaurant_open') = 'true'
      and opening_covers(f.opening_hours, f.holidays, p_at at time zone f.time_zone)
    from cafes f where f.id = p_cafe_id), false);
$$;

-- The name of the time slot that the café's clock reads, or null between them.
create or replace function slot_of(p_cafe_id uuid, p_at timestamptz) returns text language sql stable parallel safe as $$
  select s.slot ->> 'name'
  from cafes f, jsonb_array_elements(setting_of(f.id, 'time_slots')) with ordinality s (slot, place),
    lateral (select (p_at at time zone f.time_zone)::time as clock, (s.slot ->> 'from')::time as begins, (s.slot ->> 'to')::time as ends) t
  where f.id = p_cafe_id and case when ends > begins then clock >= begins and clock < ends else clock >= begins or clock < ends end
  order by s.place limit 1;
$$;
