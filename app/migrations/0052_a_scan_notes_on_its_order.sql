-- Why: a till that scans a card has its own number for the sale too. Its word stands with the order that it asks to be paid, field by field in
-- the place of what the order was placed with.
grant update (cafe_id, reference, metadata) on transaction_notes to campus_app;
