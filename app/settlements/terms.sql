create or replace function settlement_terms_of(p_cafe_id uuid, p_day date) returns settlement_terms language sql stable as $$
  select t from settlement_terms t where (cafe_id = p_cafe_id or cafe_id is null) and from_day <= p_day order by cafe_id nulls last, from_day desc limit 1;
$$;
