-- Why: what was sent to whose phone, how often it was tried and when it was taken. A push that was accepted is not sent
-- again when its neighbour on another phone is tried a second time.

create table notifications (
  id uuid primary key default uuidv7(),
  event text not null check (event in
    ('charge', 'order_new', 'order_received', 'order_preparing', 'order_ready', 'order_out_for_delivery')),
  channel text not null check (channel in ('push')),
  student_id uuid references students (id),
  -- What it is about: the charge, or the order.
  object_id uuid not null,
  -- Of the push token: enough to know it again, not to send to it.
  recipient_hash bytea not null,
  tries smallint not null default 1,
  outcome text not null check (outcome in ('accepted', 'unregistered', 'refused', 'failed')),
  delivered_at timestamptz,
  created_at timestamptz not null default now(),
  staff_id uuid references staff (id),
  check ((outcome = 'accepted') = (delivered_at is not null)),
  constraint notifications_recipient check ((student_id is null) <> (staff_id is null)),
  unique (object_id, event, channel, recipient_hash)
);
create index notifications_created on notifications (created_at);

grant select, insert, update, delete on notifications to campus_app;
