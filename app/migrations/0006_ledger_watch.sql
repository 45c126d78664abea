-- Why: what makes tampering and gaps visible. When something ceased to be allowed is recorded by the database itself, so
-- that no code path can forget it; each day of the ledger is sealed with a hash; and the reads that this needs.

-- A card, device or café that is being forbidden waits here until the debits that share its guard are done, and holds new
-- ones until the commit: whoever writes the status has the lock, also by hand. A wallet's own row lock does the same.
create function watch_status() returns trigger language plpgsql as $$
declare v_allowed boolean; v_id uuid;
begin
  case tg_table_name
    when 'wallets' then v_id := new.student_id; v_allowed := new.status = 'active';
    when 'cards' then v_id := new.id; v_allowed := new.status = 'active';
    when 'cafes' then v_id := new.id; v_allowed := new.status = 'approved';
    when 'devices' then v_id := new.id; v_allowed := new.revoked_at is null;
  end case;
  if tg_argv[0] <> 'wallet' then perform pg_advisory_xact_lock(guard_key(tg_argv[0], v_id)); end if;
  perform record_status(tg_argv[0], v_id, v_allowed);
  return null;
end $$;

create trigger wallets_status_watched after update of status on wallets
  for each row when (old.status is distinct from new.status) execute function watch_status('wallet');
create trigger cards_status_watched after update of status on cards
  for each row when (old.status is distinct from new.status) execute function watch_status('card');
create trigger cafes_status_watched after update of status on cafes
  for each row when (old.status is distinct from new.status) execute function watch_status('cafe');
create trigger devices_status_watched after update of revoked_at on devices
  for each row when ((old.revoked_at is null) is distinct from (new.revoked_at is null)) execute function watch_status('device');

-- A transaction in the one form that is hashed. The xid is left out: it differs after a restore into another cluster.
create function transaction_text(t ledger_transactions) returns text language sql stable parallel safe as $$
  select concat_ws('|', t.id, t.kind, t.from_account_id, t.to_account_id, t.amount_minor, t.currency,
    coalesce(t.order_id::text, ''), coalesce(t.charge_id::text, ''), coalesce(t.adjustment_id::text, ''), coalesce(t.corrects_id::text, ''),
    coalesce(t.wallet_student_id::text, ''), coalesce(t.wallet_seq::text, ''), coalesce(t.wallet_balance_after_minor::text, ''),
    (extract(epoch from t.at) * 1000000)::bigint);
$$;

-- The day's seal: over the day, the number of its transactions, the seal before and the hash of each row in the order of ids.
create function anchor_hash(p_day date, p_transactions bigint, p_previous bytea, p_row_hashes bytea) returns bytea language sql immutable parallel safe as $$
  select sha256(convert_to(to_char(p_day, 'YYYY-MM-DD') || '|' || p_transactions || '|', 'UTF8') || p_previous || coalesce(p_row_hashes, ''::bytea));
$$;

-- Outbox rows are purged after seven days; whether each debit of the day had its own is kept here.
alter table ledger_anchors add column debits_without_outbox integer not null default 0;
