-- What staff wrote in their own words about an erased student. The application's role can change neither refunds
-- nor the audit trail; this function runs as their owner, refuses whoever is not erased, and changes nothing but the words.
create or replace function redact_student_texts(p_student_id uuid) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not exists (select from students where id = p_student_id and erased_at is not null) then
    raise exception 'the student % is not erased', p_student_id;
  end if;
  update refunds set reason = 'erased' where order_id in (select id from orders where student_id = p_student_id) and reason <> 'erased';
  update refund_proposals set reason = 'erased' where order_id in (select id from orders where student_id = p_student_id) and reason <> 'erased';
  update gateway_refunds set reason = 'erased' where order_id in (select id from orders where student_id = p_student_id) and reason <> 'erased';
  update gateway_refunds r set reason = 'erased' from gateway_payments p join gateway_orders g on g.id = p.order_row_id
    where r.payment_row_id = p.id and g.student_id = p_student_id and g.order_id is null and r.reason <> 'erased';
  update audit_log l set details = l.details - 'reason'
    from (
      select 'student' as kind, p_student_id as id
      union all select 'order', id from orders where student_id = p_student_id
      union all select 'card', id from cards where student_id = p_student_id
      union all select 'adjustment', id from adjustments where student_id = p_student_id
      union all select 'dispute', id from gateway_disputes where student_id = p_student_id) o
    where l.object_kind = o.kind and l.object_id = o.id and l.details ? 'reason';
end $$;
revoke all on function redact_student_texts(uuid) from public;
grant execute on function redact_student_texts(uuid) to campus_app;
