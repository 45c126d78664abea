-- The smallest UUIDv7 of a moment: ids sort by time, so it bounds a search by time on an index of ids.
create or replace function uuid_from(p_at timestamptz) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
$$;
