-- Why: the first of two people of finance agreed to an amount; where money came in since, the second paid another one, which nobody had looked at but they.
alter table close_outs add column agreed_minor bigint;

-- Also if the code forgets. Not validated, and free where none was kept: what was agreed to before has no amount here, and is agreed to anew.
alter table close_outs add constraint close_outs_pay_what_was_agreed
  check (status not in ('paid', 'returned') or agreed_minor is null or amount_minor = agreed_minor) not valid;
