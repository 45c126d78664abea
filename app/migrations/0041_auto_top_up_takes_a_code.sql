-- Why: a stolen token alone set the lines of the automatic top-up, and what a thief spent of the wallet came out of the bank card behind it.
alter table step_ups drop constraint step_ups_purpose_check,
  add constraint step_ups_purpose_check check (purpose in ('close_out', 'limits', 'thaw_wallet', 'thaw_card', 'confirm_key', 'auto_top_up')) not valid;
