create type claimed_key as (state text, status smallint, body text);

-- Claims an Idempotency-Key until the transaction ends, so that one request at a time works on it. The state is 'free': do the work,
-- then keep_answer(); 'stored': status and body are the answer; 'mismatch': the key came with another body before; or 'busy': somebody
-- else works on it. p_waits is for a request that is sent again because its answer was lost: its first try may still be at work in
-- a session that has not noticed, and is waited for, for lock_timeout at most. Without a key all is free.
create or replace function claim_key(p_principal text, p_route text, p_key text, p_body_hash bytea, p_waits boolean) returns claimed_key language plpgsql as $$
declare
  v_lock bigint := hashtextextended(p_principal || '|' || p_route || '|' || p_key, 0);
  claimed claimed_key;
  stored idempotency_answers;
begin
  claimed.state := 'free';
  if p_key is null then return claimed; end if;
  if not lock_key(v_lock, p_waits) then
    claimed.state := 'busy';
    return claimed;
  end if;
  select * into stored from idempotency_answers where principal = p_principal and route = p_route and key = p_key;
  if not found then return claimed; end if;
  if stored.body_hash <> p_body_hash then
    claimed.state := 'mismatch';
  else
    claimed.state := 'stored';
    claimed.status := stored.status;
    claimed.body := stored.body;
  end if;
  return claimed;
end $$;

create or replace function lock_key(p_lock bigint, p_waits boolean) returns boolean language plpgsql as $$
begin
  if not p_waits then return pg_try_advisory_xact_lock(p_lock); end if;
  perform pg_advisory_xact_lock(p_lock);
  return true;
exception when lock_not_available then
  return false;
end $$;

-- Remembers the answer of a claimed key in the transaction of its effect. Keys of money are kept for ever.
create or replace function keep_answer(p_principal text, p_route text, p_key text, p_body_hash bytea, p_status integer, p_body text, p_is_kept_forever boolean)
returns void language sql as $$
  insert into idempotency_answers (principal, route, key, body_hash, status, body, expires_at)
  select p_principal, p_route, p_key, p_body_hash, p_status, p_body, case when not p_is_kept_forever then now() + interval '24 hours' end
  where p_key is not null;
$$;
