-- Why: cafés run themselves. They register, open and close by their own hours and zone, number their tables and set what
-- they offer. What decides about an order is asked inside its own statement, so that a change counts from its commit on.

alter table cafes
  -- Set where the café registered itself; the university may enter two branches of one name.
  add column registered_at timestamptz,
  add column address text check (length(address) between 1 and 500),
  -- {"monday": [{"from": "07:00", "to": "15:00"}, …], …}; an interval that ends at or before its beginning ends on the day
  -- after. null: open always.
  add column opening_hours jsonb check (jsonb_typeof(opening_hours) = 'object'),
  -- [{"from": "2026-12-24", "to": "2026-12-26", "name": "Christmas"}, …], both days closed.
  add column holidays jsonb not null default '[]' check (jsonb_typeof(holidays) = 'array'),
  add column paused_until timestamptz;
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

-- The closed list of what can be set, with what holds where nobody set it. app/settings/setting-table.ts says what each
-- one may be; a test holds the two together.
create table setting_keys (
  key text primary key check (key ~ '^[a-z_]{3,40}$'),
  default_value jsonb not null
);
insert into setting_keys (key, default_value) values
  ('restaurant_open', 'true'),
  ('delivery_enabled', 'true'),
  ('delivery_charge', '2000'),
  ('cash_payment_enabled', 'true'),
  ('upi_payment_enabled', 'true'),
  ('max_orders_per_slot', '50'),
  ('time_slots', '[{"name": "breakfast", "from": "07:00", "to": "10:00"}, {"name": "lunch", "from": "12:00", "to": "15:00"}, {"name": "dinner", "from": "18:00", "to": "22:00"}]'),
  ('slot_minutes', '15'),
  ('prepare_before_paid', 'false'),
  ('prepare_minutes', '5'),
  ('unpaid_cancel_minutes', '30'),
  ('undo_seconds', '300');

create table settings (
  -- null: for all cafés that have none of their own.
  cafe_id uuid references cafes (id),
  key text not null references setting_keys (key),
  value jsonb not null,
  updated_at timestamptz not null default now(),
  unique nulls not distinct (cafe_id, key)
);

-- The café's own value, else the one for all, else the default. null for a key that is not in the list.
create function setting_of(p_cafe_id uuid, p_key text) returns jsonb language sql stable parallel safe as $$
  select coalesce(
    (select value from settings where cafe_id = p_cafe_id and key = p_key),
    (select value from settings where cafe_id is null and key = p_key),
    (select default_value from setting_keys where key = p_key));
$$;

-- Whether a wall clock reads a time in the opening hours. An interval belongs to the day on which it begins: so does a
-- holiday, and the night before it may still end in it. An hour that the clock reads twice is open twice.
create function opening_covers(p_hours jsonb, p_holidays jsonb, p_local timestamp) returns boolean language sql stable parallel safe as $$
  select case when p_hours is null and p_holidays = '[]' then true else exists (
    select from (values (p_local::date), (p_local::date - 1)) as d (day),
      jsonb_array_elements(case when p_hours is null then '[{"from": "00:00", "to": "24:00"}]' else p_hours -> to_char(d.day, 'FMday') end) i
    where p_local >= d.day + (i ->> 'from')::time
      and p_local < d.day + (i ->> 'to')::time + case when (i ->> 'to')::time <= (i ->> 'from')::time then interval '1 day' else interval '0' end
      and not exists (select from jsonb_array_elements(p_holidays) h where d.day between (h ->> 'from')::date and (h ->> 'to')::date)
  ) end;
$$;

create function cafe_takes_orders_at(p_cafe_id uuid, p_at timestamptz) returns boolean language sql stable parallel safe as $$
  select coalesce((
    select f.status = 'approved' and (f.paused_until is null or f.paused_until <= p_at)
      and setting_of(f.id, 'restaurant_open') = 'true'
      and opening_covers(f.opening_hours, f.holidays, p_at at time zone f.time_zone)
    from cafes f where f.id = p_cafe_id), false);
$$;

-- The name of the time slot that the café's clock reads, or null between them.
create function slot_of(p_cafe_id uuid, p_at timestamptz) returns text language sql stable parallel safe as $$
  select s.slot ->> 'name'
  from cafes f, jsonb_array_elements(setting_of(f.id, 'time_slots')) with ordinality s (slot, place),
    lateral (select (p_at at time zone f.time_zone)::time as clock, (s.slot ->> 'from')::time as begins, (s.slot ->> 'to')::time as ends) t
  where f.id = p_cafe_id and case when ends > begins then clock >= begins and clock < ends else clock >= begins or clock < ends end
  order by s.place limit 1;
$$;

grant select, insert, update on cafe_tables to campus_app;
grant select, insert, update, delete on settings to campus_app;
grant select on setting_keys to campus_app;
