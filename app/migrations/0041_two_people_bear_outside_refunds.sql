-- Why: one person of finance alone said that the university bears what was given back at the gateway: a friend's top-up was on the bank card
-- again and stayed in the wallet.
alter table outside_refunds add column bearer_asked text, add column asked_by uuid, add column asked_at timestamptz;

-- Two people, also if the code forgets, but for what the student bears. Not validated: what was decided before has one name.
alter table outside_refunds add constraint outside_refunds_two_people
  check (status <> 'borne' or borne_by = 'student' or (asked_by is not null and asked_by is distinct from decided_by and bearer_asked = borne_by)) not valid;
