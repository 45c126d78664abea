-- Why: one person of finance alone let a friend have the money of a disputed payment, and alone dismissed debits that a failover had lost.
alter table gateway_disputes add column accept_asked_by uuid, add column accept_asked_at timestamptz, add column accept_takes_two boolean not null default false;
-- Two people where the amount takes two: also if the code forgets. What was decided before took one, so it is not looked at.
alter table gateway_disputes add constraint gateway_disputes_two_people
  check (not accept_takes_two or (accept_asked_by is not null and accept_asked_by is distinct from decided_by)) not valid;

alter table failover_cases add column dismiss_asked_by uuid, add column dismiss_asked_at timestamptz,
  add column dismiss_asked_because text check (length(dismiss_asked_because) between 3 and 500), add column dismiss_takes_two boolean not null default false;
alter table failover_cases add constraint failover_cases_two_people_dismiss
  check (not dismiss_takes_two or (dismiss_asked_by is not null and dismiss_asked_by is distinct from decided_by)) not valid;
