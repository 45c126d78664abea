-- Why: an order that nobody pays and that is booked a week ahead held the last portions until then, and a few cash orders of 1,500 portions
-- moved everybody's estimated time by days. Two days reach from any hour of today to the end of tomorrow.
insert into setting_keys (key, default_value) values
  ('unpaid_booking_hours', '48'),
  ('max_unpaid_portions', '50');
