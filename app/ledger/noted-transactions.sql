-- What somebody noted on a transaction of the ledger, by the document that it was noted on. Read from both ends: from a reference to its
-- transactions, and from a transaction to its note. An order is met by its transaction, as its own column of it has no index.
create or replace view noted_transactions with (security_invoker = true) as
  select t.id as transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join orders o on o.id = n.document_id join ledger_transactions t on t.id = o.paid_transaction_id and t.order_id = o.id
    where n.document = 'orders'
  union all
  select d.transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join gateway_payments d on d.order_row_id = n.document_id where n.document = 'gateway_orders'
  union all
  select d.transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join refunds d on d.id = n.document_id where n.document = 'refunds'
  union all
  select d.transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join gateway_refunds d on d.id = n.document_id where n.document = 'gateway_refunds'
  union all
  select d.transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join refund_proposals d on d.id = n.document_id where n.document = 'refund_proposals' and d.transaction_id is not null
  union all
  select d.transaction_id, n.cafe_id, n.reference, n.metadata
    from transaction_notes n join adjustments d on d.id = n.document_id where n.document = 'adjustments' and d.transaction_id is not null
  union all
  select g.transaction_id, null, g.reference, b.metadata
    from grants g join bulk_credits b on b.id = g.bulk_credit_id where g.transaction_id is not null
  union all
  select g.expired_transaction_id, null, g.reference, b.metadata
    from grants g join bulk_credits b on b.id = g.bulk_credit_id where g.expired_transaction_id is not null;
grant select on noted_transactions to campus_app;

-- Of the words that were noted on a student's money nothing is left when the student is erased.
create or replace function forget_student_notes(p_student_ids uuid[]) returns void language sql as $$
  with own_orders as (select id from orders where student_id = any(p_student_ids)),
  documents (document, id) as (
    select 'orders', id from own_orders
    union all select 'refunds', r.id from refunds r where r.order_id in (select id from own_orders)
    union all select 'gateway_refunds', r.id from gateway_refunds r where r.order_id in (select id from own_orders)
    union all select 'refund_proposals', p.id from refund_proposals p where p.order_id in (select id from own_orders)
    union all select 'gateway_orders', g.id from gateway_orders g where g.student_id = any(p_student_ids)
    union all select 'adjustments', a.id from adjustments a where a.student_id = any(p_student_ids))
  delete from transaction_notes n using documents d where n.document = d.document and n.document_id = d.id;
$$;
grant execute on function forget_student_notes(uuid[]) to campus_app;
