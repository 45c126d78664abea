-- Why: cafés run themselves. They register, open and close by their own hours and zone, and number their tables.

create table cafes (
  id uuid primary key default uuidv7(),
  code text not null unique check (code ~ '^[A-Z0-9]{2,6}$'),
  name text not null check (length(name) between 1 and 100),
  status text not null default 'pending' check (status in ('pending', 'approved', 'suspended')),
  time_zone text not null default 'Europe/Stockholm',
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  number_match_required boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Set where the café registered itself; the university may enter two branches of one name.
  registered_at timestamptz,
  address text check (length(address) between 1 and 500),
  -- {"monday": [{"from": "07:00", "to": "15:00"}, …], …}; an interval that ends at or before its beginning ends on the day
  -- after. null: open always.
  opening_hours jsonb check (jsonb_typeof(opening_hours) = 'object'),
  -- [{"from": "2026-12-24", "to": "2026-12-26", "name": "Christmas"}, …], both days closed.
  holidays jsonb not null default '[]' check (jsonb_typeof(holidays) = 'array'),
  paused_until timestamptz
);
create unique index cafes_registered_name on cafes (lower(name)) where registered_at is not null;

create table cafe_tables (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  -- What its QR code says: printed and stuck to the table, so it is never given to another one.
  code text not null unique check (code ~ '^[a-z0-9]{6,12}$'),
  label text not null check (length(label) between 1 and 30),
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);
create unique index cafe_tables_label on cafe_tables (cafe_id, label) where is_active;

grant select, insert, update on cafes, cafe_tables to campus_app;
