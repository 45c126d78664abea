-- Why: charges_open_of_student (0055) finds these rows.
-- outside a transaction
drop index concurrently if exists charges_open_student;
