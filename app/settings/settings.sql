-- The café's own value, else the one for all, else the default. null for a key that is not in the list.
create or replace function setting_of(p_cafe_id uuid, p_key text) returns jsonb language sql stable parallel safe as $$
  select coalesce(
    (select value from settings where cafe_id = p_cafe_id and key = p_key),
    (select value from settings where cafe_id is null and key = p_key),
    (select default_value from setting_keys where key = p_key));
$$;

create or replace function setting_number(p_cafe_id uuid, p_key text) returns bigint language sql stable parallel safe as $$
  select (setting_of(p_cafe_id, p_key) #>> '{}')::bigint;
$$;
