-- Why: a payment that went back through the gateway, and was then lost to a dispute, was paid twice by the university. The student bears it
-- who has had the money, and what is held for its payer bears it where it never arrived: also where that is known only after the bank decided.
insert into allowed_legs (kind, from_kind, to_kind, document) values
  ('dispute_lost', 'held', 'disputes', 'gateway_disputes'),
  ('dispute_moved', 'wallet', 'fees', 'gateway_disputes'),
  ('dispute_moved', 'receivables', 'fees', 'gateway_disputes'),
  ('dispute_moved', 'held', 'fees', 'gateway_disputes');
