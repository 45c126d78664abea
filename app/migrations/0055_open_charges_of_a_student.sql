-- Why: as 0054, for the open charges of a student.
-- outside a transaction
create index concurrently if not exists charges_open_of_student on charges (student_id) where state = 'open' and student_id is not null;
