-- Why: what a student can order and what was ordered, as far as paying by card needs it. Prices, names and VAT of an
-- order are snapshots: a menu that changes afterwards changes no order.

create table categories (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  name text not null check (length(name) between 1 and 100),
  display_order integer not null default 0,
  is_active boolean not null default true,
  image_key text,
  unique (cafe_id, name)
);

create table menu_items (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  category_id uuid not null references categories (id),
  name text not null check (length(name) between 1 and 200),
  description text check (length(description) <= 2000),
  price_minor bigint not null check (price_minor > 0),
  vat_basis_points integer not null default 1200 check (vat_basis_points between 0 and 10000),
  is_veg boolean not null default false,
  allergens text[] not null default '{}',
  time_slots text[] not null default '{breakfast,lunch,dinner}',
  display_order integer not null default 0,
  image_key text,
  -- null: not counted.
  stock integer check (stock >= 0),
  is_sold_out boolean not null default false,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index menu_items_cafe on menu_items (cafe_id, category_id, display_order) where deleted_at is null;

-- One row a café and day, raised as the last statement of an order, so that numbers have no gap and cafés never wait for each other.
create table order_counters (
  cafe_id uuid not null references cafes (id),
  day date not null,
  last_number integer not null,
  primary key (cafe_id, day)
) with (fillfactor = 50);

create table orders (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  student_id uuid references students (id),
  order_number text not null,
  order_day date not null,
  status text not null default 'received' check (status in ('received', 'preparing', 'ready', 'out_for_delivery', 'completed', 'cancelled')),
  order_type text not null check (order_type in ('pickup', 'delivery', 'table')),
  payment_method text not null check (payment_method in ('wallet', 'upi', 'cash')),
  payment_status text not null default 'pending' check (payment_status in ('pending', 'paid', 'failed', 'refunded')),
  subtotal_minor bigint not null check (subtotal_minor > 0),
  delivery_charge_minor bigint not null default 0 check (delivery_charge_minor >= 0),
  total_minor bigint not null,
  refunded_minor bigint not null default 0,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  special_instructions text check (length(special_instructions) <= 500),
  delivery_address text check (length(delivery_address) <= 500),
  estimated_ready_time timestamptz,
  -- Raised by every change of what is to be paid; a charge holds the version it asks for.
  version integer not null default 1,
  -- Unique through charges.transaction_id; another index here would be written by every debit.
  paid_transaction_id uuid,
  paid_at timestamptz,
  cancelled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (cafe_id, order_number),
  check (total_minor = subtotal_minor + delivery_charge_minor),
  check (refunded_minor between 0 and total_minor),
  check ((paid_transaction_id is not null) = (payment_status in ('paid', 'refunded'))),
  check ((delivery_address is not null) = (order_type = 'delivery'))
) with (fillfactor = 70);
create index orders_student on orders (student_id, id);
create index orders_cafe on orders (cafe_id, id);
-- Without payment_status, so that marking an order paid changes no index and stays on its page (a HOT update).
create index orders_payable on orders (student_id, cafe_id) where payment_method = 'wallet' and status not in ('completed', 'cancelled');
alter table orders set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Which status may follow which. app/orders/transitions.ts says who may do it; a test holds the two together.
create table order_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
insert into order_transitions (from_status, to_status) values
  ('received', 'preparing'), ('received', 'cancelled'), ('preparing', 'received'), ('preparing', 'ready'), ('preparing', 'cancelled'),
  ('ready', 'preparing'), ('ready', 'out_for_delivery'), ('ready', 'completed'), ('ready', 'cancelled'),
  ('out_for_delivery', 'ready'), ('out_for_delivery', 'completed'), ('out_for_delivery', 'cancelled');

-- Every change of status, written by the trigger below, so that no code path can move an order unseen.
create table order_status_log (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders (id),
  from_status text not null,
  to_status text not null,
  at timestamptz not null default clock_timestamp()
);
create index order_status_log_order on order_status_log (order_id);

create function log_order_status() returns trigger language plpgsql as $$
begin
  insert into order_status_log (order_id, from_status, to_status) values (new.id, old.status, new.status);
  return new;
end $$;
create trigger orders_status_logged after update of status on orders
  for each row when (old.status is distinct from new.status) execute function log_order_status();

create table order_items (
  id uuid primary key default uuidv7(),
  order_id uuid not null references orders (id),
  menu_item_id uuid not null references menu_items (id),
  item_name text not null,
  item_price_minor bigint not null check (item_price_minor > 0),
  vat_basis_points integer not null,
  quantity integer not null check (quantity >= 1),
  line_total_minor bigint not null,
  -- What was taken from the stock, to be given back exactly.
  stock_taken integer not null default 0,
  check (line_total_minor = item_price_minor * quantity)
);
create index order_items_order on order_items (order_id);

create table cards (
  id uuid primary key default uuidv7(),
  student_id uuid not null references students (id),
  -- HMAC of the number under the pepper: the number itself is stored nowhere.
  uid_hash bytea not null unique,
  issue_number integer not null default 1 check (issue_number >= 1),
  status text not null default 'active' check (status in ('active', 'frozen', 'lost', 'revoked')),
  status_because text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (student_id, issue_number)
);
create unique index cards_one_in_use on cards (student_id) where status in ('active', 'frozen');

grant select, insert, update on categories, menu_items, order_counters, orders, cards to campus_app;
grant select, insert, update, delete on order_items to campus_app;
grant select, insert on order_status_log to campus_app;
grant select on order_transitions to campus_app;
