-- The student asks for more time, once a charge: it lives anew from now on, for as long as a new one would. The expiry stands in the
-- digest, so a yes to the old one answers nothing any more. False where it has ended, or has had its time already.
create or replace function give_more_time(p_charge_id uuid, p_student_id uuid, p_life_seconds integer) returns boolean language plpgsql as $$
declare
  charge charges;
begin
  update charges set
      expires_at = date_trunc('milliseconds', clock_timestamp() + make_interval(secs => p_life_seconds)),
      more_time_at = clock_timestamp()
    where id = p_charge_id and student_id = p_student_id and state = 'open' and expires_at > clock_timestamp() and more_time_at is null
    returning * into charge;
  if not found then return false; end if;
  update charges set digest = digest_of(charge) where id = charge.id;
  perform emit_event(array['student:' || charge.student_id, 'device:' || charge.device_id], 'charge_prolonged',
    jsonb_build_object('charge_id', charge.id, 'order_id', charge.order_id, 'expires_at', charge.expires_at));
  return true;
end $$;
