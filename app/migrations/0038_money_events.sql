-- Why: a café's books hear of refunds, disputes and settlements too, where its owner wants that. A till that takes orders alone is posted orders alone.

alter table webhook_endpoints add column hears_money boolean not null default false;

alter table webhook_deliveries drop constraint webhook_deliveries_event_check;
alter table webhook_deliveries add constraint webhook_deliveries_event_check check (event in ('order.received', 'order.paid', 'order.changed', 'test',
  'refund.made', 'refund.settled', 'dispute.opened', 'dispute.closed', 'settlement.made', 'settlement.paid', 'settlement.returned')) not valid;
