-- Why: a café is known and was approved by its name. Another one that it wants waits here until the university agrees to it.
alter table cafes add column wanted_name text constraint cafes_wanted_name_length check (length(wanted_name) between 1 and 100);
