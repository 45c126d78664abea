create type adjustment_outcome as (outcome text, transaction_id uuid, balance_minor bigint);

-- The second of two people agrees, and the money moves. Of two who decide at once, the second waits here and finds it decided.
create or replace function approve_adjustment(p_id uuid, p_staff_id uuid) returns adjustment_outcome language plpgsql security definer set search_path = public, pg_temp as $$
declare r adjustment_outcome; a adjustments; w wallets;
begin
  select * into a from adjustments where id = p_id for update;
  if not found or a.status <> 'pending' then r.outcome := 'not_pending'; return r; end if;
  if a.requested_by = p_staff_id then r.outcome := 'same_person'; return r; end if;
  perform open_wallet(a.student_id, a.currency);
  select * into w from wallets where student_id = a.student_id for update;
  if (w.status <> 'closed' and w.currency = a.currency) is not true then r.outcome := 'no_wallet'; return r; end if;
  r.balance_minor := w.balance_minor - w.held_minor;
  if r.balance_minor + a.amount_minor < 0 then r.outcome := 'insufficient'; return r; end if;
  r.transaction_id := post_to_wallet('adjustment', a.student_id, account_of('adjustments', null, null, a.currency), a.amount_minor, a.currency, null, null, a.id, null);
  update adjustments set status = 'approved', decided_by = p_staff_id, decided_at = now(), transaction_id = r.transaction_id where id = a.id;
  if a.amount_minor > 0 then perform repay_debt(a.student_id, a.currency); end if;
  r.outcome := 'approved';
  return r;
end $$;
