-- Ends an open charge. False where somebody else was first. An expiry counts only once the database's clock says so.
create or replace function end_charge(p_charge_id uuid, p_state text, p_because text) returns boolean language plpgsql as $$
declare c charges;
begin
  update charges set state = p_state, ended_at = clock_timestamp(), ended_because = p_because
    where id = p_charge_id and state = 'open' and (p_state <> 'expired' or expires_at <= clock_timestamp())
    returning * into c;
  if not found then return false; end if;
  perform emit_event(array['student:' || c.student_id, 'device:' || c.device_id], 'charge_ended',
    jsonb_build_object('charge_id', c.id, 'order_id', c.order_id, 'state', c.state, 'because', c.ended_because));
  return true;
end $$;
