-- Why: one person of finance alone could say that the bank had sent a close-out back, and a wallet had money again that was at the bank.
alter table close_outs add column return_asked_by uuid, add column return_asked_at timestamptz;

alter table returned_pay_outs add column asked_by uuid;
-- Two people, always: also if the code forgets. Not validated: what came back before has one name.
alter table returned_pay_outs add constraint returned_close_outs_two_people
  check (close_out_id is null or (asked_by is not null and asked_by <> returned_by)) not valid;
