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
