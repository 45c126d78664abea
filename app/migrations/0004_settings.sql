-- Why: what a café offers is its own to set. What decides about an order is asked inside its own statement, so that a change
-- counts from its commit on.

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
  ('prepare_at_once', '4'),
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

grant select, insert, update, delete on settings to campus_app;
grant select on setting_keys to campus_app;
