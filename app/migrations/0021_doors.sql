-- Why: a one-time password costs money when it goes to a phone that nobody here knows, so those are counted; and wrong tries that
-- do not name the request they belong to must not spoil a code that its own client can still name.
alter table otps
  add column is_stranger boolean not null default false,
  add column stray_tries smallint not null default 0 check (stray_tries between 0 and 5);
