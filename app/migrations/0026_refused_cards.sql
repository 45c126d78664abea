-- Why: a café's terminals that are shown hundreds of cards which are not good look for one that is, so refusals are counted. And the time
-- in which a student was deactivated is known, so that "no debit in it" can be checked afterwards.

create table refused_cards (
  cafe_id uuid not null,
  -- The beginning of the ten minutes.
  period timestamptz not null,
  cards integer not null,
  primary key (cafe_id, period)
);
create index refused_cards_period on refused_cards (period);
grant select, insert, update, delete on refused_cards to campus_app;

alter table status_changes drop constraint status_changes_object_kind_check;
alter table status_changes add constraint status_changes_object_kind_check
  check (object_kind in ('wallet', 'card', 'device', 'cafe', 'student')) not valid;
