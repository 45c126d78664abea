-- The slots that can be booked and begin on this day of the café's calendar. They are counted in real time from the
-- beginning of their time slot, so an hour that the clock reads twice has twice as many, and one that it skips has none.
create or replace function order_slots(p_cafe_id uuid, p_day date) returns table (starts_at timestamptz, ends_at timestamptz, slot text)
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
