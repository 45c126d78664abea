-- A transaction in the one form that is hashed. The xid is left out: it differs after a restore into another cluster.
create or replace function transaction_text(t ledger_transactions) returns text language sql stable parallel safe as $$
  select concat_ws('|', t.id, t.kind, t.from_account_id, t.to_account_id, t.amount_minor, t.currency,
    coalesce(t.order_id::text, ''), coalesce(t.charge_id::text, ''), coalesce(t.adjustment_id::text, ''), coalesce(t.corrects_id::text, ''),
    coalesce(t.wallet_student_id::text, ''), coalesce(t.wallet_seq::text, ''), coalesce(t.wallet_balance_after_minor::text, ''),
    (extract(epoch from t.at) * 1000000)::bigint);
$$;

-- The day's seal: over the day, the number of its transactions, the seal before and the hash of each row in the order of ids.
create or replace function anchor_hash(p_day date, p_transactions bigint, p_previous bytea, p_row_hashes bytea) returns bytea language sql immutable parallel safe as $$
  select sha256(convert_to(to_char(p_day, 'YYYY-MM-DD') || '|' || p_transactions || '|', 'UTF8') || p_previous || coalesce(p_row_hashes, ''::bytea));
$$;

-- Seals a finished UTC day. False where one of its rows is not behind the oldest running transaction yet: the next run seals it.
create or replace function seal_day(p_day date) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  with span as (select p_day::timestamp at time zone 'UTC' as since, (p_day + 1)::timestamp at time zone 'UTC' as until),
  hashed as (
    select count(*) as transactions, string_agg(row_hash, ''::bytea order by id) as row_hashes,
      coalesce(bool_or(xid >= pg_snapshot_xmin(pg_current_snapshot())), false) as unfinished
    from (
      select t.id, t.xid, sha256(convert_to(transaction_text(t), 'UTF8')) as row_hash
      from span, ledger_transactions t where t.at >= span.since and t.at < span.until) r),
  unannounced as (
    select count(*) as debits from span, ledger_transactions t
    where t.at >= span.since and t.at < span.until and t.kind = 'debit' and t.at > now() - interval '7 days' and not exists (
      select 1 from outbox o where o.topic = 'order.paid' and o.payload ->> 'transaction_id' = t.id::text and o.created_at = t.at)),
  previous as (select coalesce((select hash from ledger_anchors where day < p_day order by day desc limit 1), ''::bytea) as hash)
  insert into ledger_anchors (day, transactions, previous_hash, hash, debits_without_outbox)
  select p_day, h.transactions, p.hash, anchor_hash(p_day, h.transactions, p.hash, h.row_hashes), u.debits
  from hashed h, unannounced u, previous p where not h.unfinished;
  if not found then return false; end if;
  insert into outbox (topic, payload) values ('ledger.anchor', jsonb_build_object('day', p_day));
  return true;
end $$;
