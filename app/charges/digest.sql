-- Stable and not immutable, as concat_ws is, and parallel safe: so it is inlined where the ledger check asks it for every charge.
create or replace function digest_of(p_charge charges) returns text language sql stable parallel safe as $$
  select rtrim(translate(encode(sha256(convert_to(concat_ws(E'\n', p_charge.digest_version, p_charge.id, p_charge.order_id, p_charge.order_version,
    p_charge.cafe_id, p_charge.device_id, p_charge.amount_minor, p_charge.currency, p_charge.nonce,
    (extract(epoch from p_charge.expires_at) * 1000)::bigint), 'UTF8')), 'base64'), '+/', '-_'), '=');
$$;
