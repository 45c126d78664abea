-- In which zone a café's day ends. A new café's holds from the beginning; a change from a day on that has begun nowhere yet, so
-- that no day that runs or is over gets another end.
create or replace function keep_cafe_zone() returns trigger language plpgsql as $$
begin
  insert into cafe_zones (cafe_id, from_day, time_zone)
    values (new.id, case when tg_op = 'INSERT' then date '2000-01-01' else (now() at time zone 'Pacific/Kiritimati')::date + 1 end, new.time_zone)
    on conflict (cafe_id, from_day) do update set time_zone = excluded.time_zone;
  return null;
end $$;
create or replace trigger cafes_zone_kept after insert or update of time_zone on cafes for each row execute function keep_cafe_zone();

create or replace function zone_of_day(p_cafe_id uuid, p_day date) returns text language sql stable as $$
  select time_zone from cafe_zones where cafe_id = p_cafe_id and from_day <= p_day order by from_day desc limit 1;
$$;

-- The oldest day of a café that no settlement has, and when it ends. A day that a change of zone left without length is passed over.
create or replace function day_to_settle(p_cafe_id uuid) returns table (day date, ends_at timestamptz, time_zone text) language sql stable as $$
  select n.day, n.ends_at, n.zone
  from cafes f join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = f.currency
    left join lateral (select s.day, s.until_at from settlements s where s.cafe_id = f.id order by s.day desc limit 1) last on true,
    lateral (
      select d.day, z.zone, (d.day + 1)::timestamp at time zone z.zone as ends_at
      from (select coalesce(last.day + 1 + k, (a.created_at at time zone f.time_zone)::date - 1 + k) as day from generate_series(0, 2) k) d,
        lateral (select zone_of_day(f.id, d.day) as zone) z) n
  where f.id = p_cafe_id and n.ends_at > coalesce(last.until_at, a.created_at) order by n.day limit 1;
$$;
