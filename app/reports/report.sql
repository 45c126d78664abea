-- The first moment of a day by the clocks of a zone. Where they are set at midnight, 00:00 is read twice or not at all.
create or replace function day_begins(p_day date, p_zone text) returns timestamptz language sql stable parallel safe as $$
  select min(t) from (select p_day::timestamp at time zone p_zone as midnight) m, generate_series(m.midnight - interval '2 hours', m.midnight, interval '30 minutes') t
  where (t at time zone p_zone)::date >= p_day;
$$;
