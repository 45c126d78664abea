import { notFound } from "../platform/errors.ts";
import { type Database, sql } from "../platform/postgres.ts";

/** Everything that is kept about a student, section by section, as rows of plain JSON. */
export type PersonExport = Readonly<Record<(typeof sections)[number], unknown>>;

const sections = [
  "profile",
  "wallet",
  "statement",
  "orders",
  "charges",
  "receipts",
  "refunds",
  "refund_proposals",
  "top_ups",
  "gift_links",
  "saved_method",
  "adjustments",
  "cards",
  "confirm_keys",
  "push_tokens",
  "sessions",
  "one_time_passwords",
  "notifications",
  "kept_by_cafes",
  "audit",
] as const;

/**
 * One statement, so one moment, along indexes: requests for payment that were voided or superseded asked for nothing in the
 * end and are told by their order alone. Left out is what would open something: hashes, and tokens but for their last letters.
 */
export async function exportPerson(db: Pick<Database, "row">, studentId: string): Promise<PersonExport> {
  const found = await db.row<{ held: PersonExport | null }>(sql`
    select json_build_object(
      'profile', (select json_build_object('id', id, 'phone', phone, 'name', name, 'email', email, 'address', address,
          'student_number', student_number, 'language', language, 'notify_orders', notify_orders, 'notify_payments', notify_payments,
          'requires_signature', requires_signature, 'is_active', is_active, 'created_at', created_at, 'updated_at', updated_at)),
      'wallet', (select json_build_object('balance_minor', balance_minor, 'currency', currency, 'status', status, 'daily_limit_minor', daily_limit_minor,
          'low_balance_alert_minor', low_balance_alert_minor, 'updated_at', updated_at) from wallets where student_id = s.id),
      'statement', (select coalesce(json_agg(json_build_object('id', t.id, 'at', t.at, 'kind', t.kind,
          'amount_minor', case when t.from_account_id = w.account_id then -t.amount_minor else t.amount_minor end, 'currency', t.currency,
          'balance_minor_after', t.wallet_balance_after_minor, 'order_id', t.order_id, 'charge_id', t.charge_id,
          'reference', n.reference, 'metadata', n.metadata) order by t.wallet_seq), '[]')
        from ledger_transactions t join wallets w on w.student_id = t.wallet_student_id
          left join lateral (select reference, metadata from noted_transactions where transaction_id = t.id limit 1) n on true
        where t.wallet_student_id = s.id),
      'orders', (select coalesce(json_agg(order_json(o) order by o.id), '[]') from orders o where o.student_id = s.id),
      'charges', (select coalesce(json_agg(json_build_object('id', c.id, 'order_id', c.order_id, 'state', c.state, 'amount_minor', c.amount_minor,
          'currency', c.currency, 'created_at', c.created_at, 'ended_at', c.ended_at, 'ended_because', c.ended_because) order by c.id), '[]')
        from (select x.* from ledger_transactions t join charges x on x.id = t.charge_id where t.wallet_student_id = s.id union all
          select * from charges where student_id = s.id and state in ('declined', 'expired') union all
          select * from charges where student_id = s.id and state = 'open') c),
      'receipts', (select coalesce(json_agg(r.payload::json order by r.id), '[]')
        from ledger_transactions t join receipts r on r.charge_id = t.charge_id where t.wallet_student_id = s.id),
      'refunds', (select coalesce(json_agg(json_build_object('id', r.id, 'order_id', r.order_id, 'amount_minor', r.amount_minor, 'reason', r.reason,
          'created_at', r.created_at) order by r.id), '[]') from orders o join refunds r on r.order_id = o.id where o.student_id = s.id),
      'refund_proposals', (select coalesce(json_agg(json_build_object('id', r.id, 'order_id', r.order_id, 'amount_minor', r.amount_minor, 'reason', r.reason,
          'status', r.status, 'created_at', r.created_at) order by r.id), '[]') from orders o join refund_proposals r on r.order_id = o.id where o.student_id = s.id),
      'top_ups', (select coalesce(json_agg(json_build_object('id', g.id, 'purpose', g.purpose, 'amount_minor', g.amount_minor, 'currency', g.currency,
          'status', g.status, 'created_at', g.created_at) order by g.id), '[]') from gateway_orders g where g.student_id = s.id and g.order_id is null),
      'gift_links', (select coalesce(json_agg(json_build_object('id', id, 'limit_minor', limit_minor, 'currency', currency, 'created_at', created_at,
          'expires_at', expires_at, 'revoked_at', revoked_at) order by id), '[]') from gift_links where student_id = s.id),
      'saved_method', (select json_build_object('gateway', gateway, 'fill_to_minor', fill_to_minor, 'created_at', created_at)
        from saved_methods where student_id = s.id),
      'adjustments', (select coalesce(json_agg(json_build_object('id', id, 'amount_minor', amount_minor, 'currency', currency, 'reason', reason,
          'status', status, 'created_at', created_at) order by id), '[]') from adjustments where student_id = s.id),
      'close_outs', (select coalesce(json_agg(json_build_object('id', id, 'pay_to', pay_to, 'amount_minor', amount_minor, 'currency', currency, 'status', status,
          'reason', reason, 'created_at', created_at, 'decided_at', decided_at) order by id), '[]') from close_outs where student_id = s.id),
      'cards', (select coalesce(json_agg(json_build_object('id', id, 'issue_number', issue_number, 'status', status, 'status_because', status_because,
          'created_at', created_at) order by issue_number), '[]') from cards where student_id = s.id),
      'confirm_keys', (select coalesce(json_agg(json_build_object('id', id, 'public_key', encode(public_key, 'base64'), 'created_at', created_at,
          'revoked_at', revoked_at) order by id), '[]') from confirm_keys where student_id = s.id),
      'push_tokens', (select coalesce(json_agg(json_build_object('platform', platform, 'ends_with', right(token, 4), 'is_active', is_active,
          'created_at', created_at)), '[]') from push_tokens where student_id = s.id),
      'sessions', (select coalesce(json_agg(json_build_object('id', id, 'created_at', created_at, 'last_used_at', last_used_at, 'network', network,
          'browser', browser, 'factor', factor, 'revoked_at', revoked_at, 'revoked_because', revoked_because) order by id), '[]') from sessions where student_id = s.id),
      'one_time_passwords', (select coalesce(json_agg(json_build_object('created_at', created_at, 'used_at', used_at)), '[]')
        from otps where phone = s.phone),
      'notifications', (select coalesce(json_agg(json_build_object('event', event, 'channel', channel, 'outcome', outcome, 'created_at', created_at)
          order by id), '[]') from notifications where student_id = s.id),
      'kept_by_cafes', (select coalesce(json_agg(json_build_object('cafe_name', f.name, 'name', c.name, 'email', c.email, 'phone', c.phone,
          'address', c.address, 'created_at', c.created_at)), '[]') from customers c join cafes f on f.id = c.cafe_id where c.student_id = s.id),
      'audit', (select coalesce(json_agg(json_build_object('at', a.at, 'actor_kind', a.actor_kind, 'action', a.action, 'object_kind', a.object_kind,
          'object_id', a.object_id, 'details', a.details) order by a.id), '[]')
        from (select * from audit_log where object_kind = 'student' and object_id = s.id union
          select * from audit_log where actor_id = s.id union
          select l.* from cards k join audit_log l on l.object_kind = 'card' and l.object_id = k.id where k.student_id = s.id) a)
    ) as held
    from students s where s.id = ${studentId} and s.erased_at is null`);
  if (!found?.held) throw notFound("The student");
  return found.held;
}
