-- What is left of each grant of a wallet that has a day: the wallet's own entries, gone through in their order. What leaves the wallet is
-- taken from the grants that could pay it then, the one that ends first before the others, and only then from the student's own money.
-- What was given back of a payment was never spent, and what a bank or the university took for a debt was not what the grant was for.
create or replace function grant_rests(p_student_id uuid) returns table (grant_id uuid, rest_minor bigint) language plpgsql stable as $$
declare v_ids uuid[]; v_rests bigint[]; v_from bigint[]; v_until bigint[]; spent record; v_part bigint;
begin
  select array_agg(g.id order by place), array_agg(g.amount_minor order by place), array_agg(t.wallet_seq order by place), array_agg(g.ended_seq order by place)
    into v_ids, v_rests, v_from, v_until
    from (select *, row_number() over (order by expires_at, id) as place from grants
        where student_id = p_student_id and expires_at is not null and status in ('credited', 'expired')) g
      join ledger_transactions t on t.id = g.transaction_id;
  for spent in
    select t.wallet_seq as seq, t.amount_minor - coalesce((
        select sum(b.amount_minor) from ledger_transactions b where b.corrects_id = t.id and b.to_account_id = t.from_account_id), 0) as minor
    from ledger_transactions t join wallets w on w.account_id = t.from_account_id
    where t.wallet_student_id = p_student_id and w.student_id = p_student_id and t.kind not in ('grant_expired', 'dispute_lost', 'dispute_moved', 'debt_repaid', 'outside_refund_borne')
      and t.wallet_seq > (select min(f) from unnest(v_from) f)
    order by t.wallet_seq
  loop
    for i in 1 .. cardinality(v_ids) loop
      continue when spent.seq <= v_from[i] or spent.seq > v_until[i];
      v_part := least(v_rests[i], spent.minor);
      v_rests[i] := v_rests[i] - v_part;
      spent.minor := spent.minor - v_part;
    end loop;
  end loop;
  return query select * from unnest(v_ids, v_rests);
end $$;

-- Ends one grant: what is left of it goes back, never more than is free in the wallet. The caller holds that locked.
create or replace function end_grant(g grants) returns void language plpgsql as $$
declare w wallets; v_minor bigint; v_id uuid;
begin
  select * into w from wallets where student_id = g.student_id;
  v_minor := least((select rest_minor from grant_rests(g.student_id) where grant_id = g.id), w.balance_minor - w.held_minor);
  if v_minor > 0 then
    v_id := post_to_wallet('grant_expired', g.student_id, account_of('grants', null, null, g.currency), -v_minor, g.currency, null, null, null, g.transaction_id);
    perform emit_event(array['student:' || g.student_id], 'grant_expired', jsonb_build_object('grant_id', g.id, 'transaction_id', v_id,
      'amount_minor', v_minor, 'currency', g.currency, 'reference', g.reference));
  end if;
  update grants set status = 'expired', taken_back_minor = v_minor, ended_seq = w.last_seq, expired_transaction_id = v_id where id = g.id;
end $$;

-- Ends a student's grants whose day is over, before the wallet is paid out or free again. Nothing where something is held. The caller
-- holds the wallet locked.
create or replace function end_due_grants(p_student_id uuid) returns void language plpgsql as $$
declare g grants;
begin
  if exists (select from wallets where student_id = p_student_id and held_minor > 0) then return; end if;
  for g in select * from grants where student_id = p_student_id and status = 'credited' and expires_at <= now() order by expires_at, id loop
    perform end_grant(g);
  end loop;
end $$;

-- Ends up to so many grants whose day is over: what is left of each goes back, never more than the wallet has. A wallet of which
-- something is held waits, so that nobody keeps a grant by asking for the rest of the wallet and taking that back; and one that is closed
-- waits for a close-out that the bank may send back.
create or replace function expire_grants(p_most integer) returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare g grants; w wallets; v_done integer := 0;
begin
  for g in
    select x.* from grants x join wallets k on k.student_id = x.student_id
    where x.status = 'credited' and x.expires_at <= now() and k.held_minor = 0 and k.status <> 'closed' order by x.student_id, x.expires_at, x.id limit p_most
  loop
    select * into w from wallets where student_id = g.student_id for update;
    -- Another worker may have ended it while this one waited for the wallet.
    continue when w.held_minor > 0 or w.status = 'closed' or not exists (select from grants where id = g.id and status = 'credited');
    perform end_grant(g);
    v_done := v_done + 1;
  end loop;
  return v_done;
end $$;
