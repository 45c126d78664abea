-- What each entry of the bank's statements is: worked out when asked, so that a pay-out that is written down later meets its entry too.
-- An entry and a pay-out meet by reference, amount and currency, the first with the first, so that of two transfers for one pay-out the
-- second stands out.
create or replace view bank_entry_states with (security_invoker = true) as
  with pay_outs as (
    select 'settlement' as kind, id, bank_reference, payable_minor as amount_minor, currency, false as has_come_back from settlements where status = 'paid'
    union all select 'settlement', settlement_id, bank_reference, amount_minor, currency, true from returned_pay_outs where settlement_id is not null
    union all select 'close_out', id, bank_reference, amount_minor, currency, status = 'returned' from close_outs where status in ('paid', 'returned') and amount_minor > 0
    union all select 'gateway_pay_out', id, bank_reference, abs(amount_minor), currency, false from gateway_pay_outs where bank_reference is not null),
  numbered as (
    select *, row_number() over (partition by bank_reference, amount_minor, currency, kind = 'gateway_pay_out' order by id, has_come_back desc) as place from pay_outs),
  entries as (
    select *, row_number() over (partition by reference, amount_minor, currency, direction order by booked_on, id) as place from bank_entries)
  select e.id, e.statement_id, e.account, e.entry_ref, e.reference, e.direction, e.amount_minor, e.currency, e.booked_on, e.return_reason, p.kind, p.id as pay_out_id,
    case
      when p.id is not null and (e.direction = 'out' or p.kind = 'gateway_pay_out') then 'matched'
      when p.id is not null and p.has_come_back then 'returned'
      when p.id is not null then 'to_return'
      when exists (select from pay_outs o where o.bank_reference = e.reference and o.amount_minor = e.amount_minor and o.currency = e.currency)
        then case e.direction when 'out' then 'paid_twice' else 'unmatched' end
      when exists (select from pay_outs o where o.bank_reference = e.reference) then 'another_amount'
      else 'unmatched'
    end as state
  from entries e left join numbered p on p.bank_reference = e.reference and p.amount_minor = e.amount_minor and p.currency = e.currency and p.place = e.place
    and (p.kind <> 'gateway_pay_out' or e.direction = 'in');
grant select on bank_entry_states to campus_app;
