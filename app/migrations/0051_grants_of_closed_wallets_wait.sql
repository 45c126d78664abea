-- Why: a grant whose day passed in a closed wallet ended with nothing to give back, and its money stayed when the bank sent the close-out
-- back. It waits now, and so do again those that ended so, right after the close-out, in wallets that are closed yet.
-- in batches
update grants set status = 'credited', taken_back_minor = null, ended_seq = null
where id in (
  select g.id from grants g join wallets w on w.student_id = g.student_id and w.status = 'closed'
    join ledger_transactions t on t.wallet_student_id = g.student_id and t.wallet_seq = g.ended_seq and t.kind = 'close_out'
  where g.status = 'expired' and g.taken_back_minor = 0 limit 1000);
