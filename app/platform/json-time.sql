-- RFC 3339 in UTC with milliseconds, as JavaScript writes it.
create or replace function json_time(p_at timestamptz) returns text language sql stable parallel safe as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;
