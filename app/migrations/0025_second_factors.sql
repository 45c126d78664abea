-- Why: a password alone opens no account that moves money. Staff have an app that makes codes, passkeys and codes to fall back on; a
-- session knows where it was opened, when it was last used and when it ends whatever happens.

create table staff_totp (
  staff_id uuid primary key references staff (id),
  -- Sealed. The secret that waits for its first code opens nothing, and is forgotten after ten minutes.
  sealed_secret text,
  pending_secret text,
  pending_until timestamptz,
  -- A code opens once: the time step of the last one.
  last_step bigint not null default 0,
  confirmed_at timestamptz,
  check ((sealed_secret is null) = (confirmed_at is null)),
  check ((pending_secret is null) = (pending_until is null))
);

create table staff_recovery_codes (
  staff_id uuid not null references staff (id),
  code_hash bytea not null,
  used_at timestamptz,
  primary key (staff_id, code_hash)
);

create table staff_passkeys (
  id uuid primary key default uuidv7(),
  staff_id uuid not null references staff (id),
  name text not null check (length(name) between 1 and 60),
  credential_id text not null unique,
  public_key bytea not null,
  sign_count bigint not null default 0,
  transports text[] not null default '{}',
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index staff_passkeys_staff on staff_passkeys (staff_id);

-- What a browser was asked to sign; taken away by the answer, so that none counts twice.
create table passkey_challenges (
  id uuid primary key default uuidv7(),
  challenge text not null,
  -- null: a login, which names nobody.
  staff_id uuid references staff (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index passkey_challenges_expiry on passkey_challenges (expires_at);

alter table sessions
  add column last_used_at timestamptz not null default now(),
  add column ends_at timestamptz not null default now() + interval '16 hours',
  -- Where and with what it was opened, as its owner may recognize it: "192.0.2.x", "Firefox on Android".
  add column network text,
  add column browser text,
  add column factor text,
  drop constraint sessions_revoked_because_check,
  add constraint sessions_revoked_because_check
    check (revoked_because in ('logout', 'reuse', 'deactivated', 'erased', 'changed', 'ended', 'disowned')) not valid;

-- A one-time password that nobody used ends.
alter table staff add column password_ends_at timestamptz;

grant select, insert, update on staff_totp to campus_app;
grant select, insert, update, delete on staff_recovery_codes, staff_passkeys, passkey_challenges to campus_app;
grant delete on staff_totp to campus_app;
