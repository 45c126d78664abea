-- Credits up to so many lines of an approved file, each once: two workers at once wait here for each other. Wallets are taken in one
-- order. How many it went through; at 0 the file is done.
create or replace function credit_grants(p_bulk_credit_id uuid, p_most integer) returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare g grants; v_done integer := 0; v_id uuid;
begin
  perform 1 from bulk_credits where id = p_bulk_credit_id and status = 'approved' for update;
  if not found then return 0; end if;
  for g in select * from grants where bulk_credit_id = p_bulk_credit_id and status = 'waiting' order by student_id, line limit p_most loop
    v_done := v_done + 1;
    perform open_wallet(g.student_id, g.currency) from students where id = g.student_id and erased_at is null;
    perform 1 from wallets where student_id = g.student_id and currency = g.currency and status <> 'closed' for update;
    if not found then
      update grants set status = 'no_wallet' where id = g.id;
      continue;
    end if;
    v_id := post_to_wallet('grant', g.student_id, account_of('grants', null, null, g.currency), g.amount_minor, g.currency, null, null, null, null);
    update grants set status = 'credited', transaction_id = v_id where id = g.id;
    perform emit_event(array['student:' || g.student_id], 'granted', jsonb_build_object('grant_id', g.id, 'transaction_id', v_id,
      'amount_minor', g.amount_minor, 'currency', g.currency, 'reference', g.reference, 'expires_at', g.expires_at));
    perform repay_debt(g.student_id, g.currency);
  end loop;
  if v_done = 0 then update bulk_credits set status = 'done', finished_at = clock_timestamp() where id = p_bulk_credit_id; end if;
  return v_done;
end $$;
