-- A row is waiting, then done or dead; never both. A trigger and no CHECK: a new row is neither, and is not asked.
create or replace trigger outbox_ends_once after update of done_at, dead_at on outbox
  for each row when (new.done_at is not null and new.dead_at is not null) execute function refuse_row();
