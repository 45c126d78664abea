-- A wallet that falls below a line that its student drew leaves word of it in the debit's own transaction, once for each
-- crossing. The condition is short because it is read anew for every debit, as each CHECK is.
create or replace function notice_low_wallet() returns trigger language plpgsql as $$
begin
  -- A row each: a phone that cannot be reached does not hold up the money, nor the other way round.
  insert into outbox (topic, payload)
    select line.topic, jsonb_build_object('student_id', new.student_id, 'wallet_seq', new.last_seq)
    from (values ('wallet.low_balance', new.low_balance_alert_minor), ('wallet.auto_top_up', new.auto_top_up_below_minor)) line (topic, minor)
    where old.balance_minor >= line.minor and new.balance_minor < line.minor;
  return null;
end $$;
create or replace trigger wallets_low after update of balance_minor on wallets for each row
  when (new.balance_minor < greatest(new.low_balance_alert_minor, new.auto_top_up_below_minor)) execute function notice_low_wallet();
