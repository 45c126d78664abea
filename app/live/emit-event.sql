-- One thing that happened, for the live clients on these channels (app/live/read-events.ts).
create or replace function emit_event(p_channels text[], p_event text, p_data jsonb) returns void language sql as $$
  insert into events (channels, event, data) values (p_channels, p_event, p_data);
$$;
