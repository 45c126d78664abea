-- Why: a café that pauses says why, so that nobody thinks it is broken. Whoever reads the café reads the reason beside the end.
alter table cafes add column pause_reason text;
alter table cafes add constraint cafes_pause_reason check (length(pause_reason) between 1 and 120) not valid;
