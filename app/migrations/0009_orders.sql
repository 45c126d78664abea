-- Why: what was ordered, for pickup, at a table or delivered, now or in a slot that was booked, paid by card, through the
-- gateway or in cash; and what the kitchen and the driver do with it. Prices, names and VAT of an order are snapshots: a menu
-- that changes afterwards changes no order.
-- Lock order, kept everywhere: order, charge, items by id, slot, the café's counter, wallet.

create domain order_status as text check (value in ('received', 'preparing', 'ready', 'out_for_delivery', 'completed', 'cancelled'));
create domain order_type as text check (value in ('pickup', 'delivery', 'table'));
create domain payment_method as text check (value in ('wallet', 'upi', 'cash'));
create domain payment_status as text check (value in ('pending', 'paid', 'failed', 'refunded'));

-- One row a café and day, raised as the last statement of an order, so that numbers have no gap and cafés never wait for each other.
create table order_counters (
  cafe_id uuid not null references cafes (id),
  day date not null,
  last_number integer not null,
  primary key (cafe_id, day)
) with (fillfactor = 50);

-- How many orders hold a place in a slot that can be booked.
create table slot_counters (
  cafe_id uuid not null references cafes (id),
  starts_at timestamptz not null,
  taken integer not null check (taken >= 0),
  primary key (cafe_id, starts_at)
) with (fillfactor = 50);

create table orders (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  student_id uuid references students (id),
  order_number text not null,
  order_day date not null,
  status order_status not null default 'received',
  order_type order_type not null,
  payment_method payment_method not null,
  payment_status payment_status not null default 'pending',
  subtotal_minor positive_minor not null,
  delivery_charge_minor nonnegative_minor not null default 0,
  -- What these add up to is asked by the trigger of app/orders/orders-add-up.sql.
  total_minor bigint not null,
  refunded_minor bigint not null default 0,
  currency currency_code not null,
  special_instructions short_text,
  delivery_address short_text,
  estimated_ready_time timestamptz,
  -- Raised by every change of what is to be paid; a charge holds the version it asks for.
  version integer not null default 1,
  -- Unique through charges.transaction_id; another index here would be written by every debit.
  paid_transaction_id uuid,
  paid_at timestamptz,
  cancelled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  table_id uuid references cafe_tables (id),
  scheduled_for timestamptz,
  -- Portions in all lines: what the kitchen's queue is counted in.
  item_count integer not null default 0,
  cancel_reason short_text,
  no_show_at timestamptz,
  unique (cafe_id, order_number),
  constraint orders_paid_by_a_transaction check ((paid_transaction_id is not null) = (payment_status in ('paid', 'refunded')))
) with (fillfactor = 70);
create index orders_student on orders (student_id, id);
create index orders_cafe on orders (cafe_id, id);
-- Without payment_status, so that marking an order paid changes no index and stays on its page (a HOT update).
create index orders_payable on orders (student_id, cafe_id) where payment_method = 'wallet' and status not in ('completed', 'cancelled');
-- Of the board, the queue and the sweep of unpaid orders. Without payment_status, so that a debit stays a HOT update.
create index orders_board on orders (cafe_id, status, id);
-- A day's sales are found by the time of payment. BRIN, because a plain index on it would be written by every debit and a
-- debit's update of its order would no longer be HOT.
create index orders_paid_at on orders using brin (paid_at) with (autosummarize = on);
-- A café's orders of a day. A debit sets neither column, so its update of the order stays HOT.
create index orders_day on orders (cafe_id, order_day);
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

-- Every change of status, written by a trigger (app/orders/log-order-status.sql), so that no code path can move an order unseen.
create table order_status_log (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders (id),
  from_status text not null,
  to_status text not null,
  at timestamptz not null default clock_timestamp()
);
create index order_status_log_order on order_status_log (order_id);

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
  -- What was chosen, with names and prices as they were: [{"choice_id", "group_name", "name", "price_minor"}].
  -- item_price_minor is the price of one piece with its options in it.
  options jsonb not null default '[]' check (jsonb_typeof(options) = 'array'),
  check (line_total_minor = item_price_minor * quantity)
);
create index order_items_order on order_items (order_id);

create table delivery_assignments (
  id uuid primary key default uuidv7(),
  order_id uuid not null unique references orders (id),
  staff_id uuid not null references staff (id),
  status text not null default 'assigned' check (status in ('assigned', 'picked_up', 'delivered')),
  assigned_at timestamptz not null default now(),
  picked_up_at timestamptz,
  delivered_at timestamptz,
  check ((status = 'assigned') = (picked_up_at is null)),
  check ((status = 'delivered') = (delivered_at is not null))
);
create index delivery_assignments_staff on delivery_assignments (staff_id, id);

-- Every change of a counted stock. The sum of an item's changes is its stock.
create table stock_movements (
  id uuid primary key default uuidv7(),
  item_id uuid not null references menu_items (id),
  change integer not null check (change <> 0),
  -- Orders take (ordered) and give back; staff set the stock or add to it.
  reason text not null check (reason in ('ordered', 'order_changed', 'order_cancelled', 'order_expired', 'sale_voided', 'set', 'added')),
  order_id uuid references orders (id),
  staff_id uuid references staff (id),
  at timestamptz not null default now()
);
create index stock_movements_item on stock_movements (item_id, id desc);
create index stock_movements_order on stock_movements (order_id) where order_id is not null;

grant select, insert, update on order_counters, slot_counters, orders, delivery_assignments to campus_app;
grant select, insert, update, delete on order_items to campus_app;
grant select, insert on order_status_log, stock_movements to campus_app;
grant select on order_transitions to campus_app;
