-- Why: 20 values of 200 quotes are within what a request may say, and 8,962 characters as they are kept, each quote with its backslash: 8,192 were too few, and such a sale was answered 500.
-- Not validated: each row fits the narrower limit that stood before.
alter table transaction_notes drop constraint transaction_notes_metadata_check,
  add constraint transaction_notes_metadata_check check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 10000) not valid;
alter table bulk_credits drop constraint bulk_credits_metadata_check,
  add constraint bulk_credits_metadata_check check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 10000) not valid;
