-- Why: one person of finance alone could say that the bank had sent a settlement back, and the café was paid a second time.
alter table settlements add column return_asked_by uuid, add column return_asked_at timestamptz;
grant update (return_asked_by, return_asked_at) on settlements to campus_app;

-- Two people, always: also if the code forgets. Not validated: what came back before has one name.
alter table returned_pay_outs drop constraint returned_close_outs_two_people,
  add constraint returned_pay_outs_two_people check (asked_by is not null and asked_by <> returned_by) not valid;
