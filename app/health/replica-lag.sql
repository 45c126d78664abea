-- Seconds of writing that the replica lacks: null where none follows, and of several the one that is furthest behind.
-- replay_lag alone lies: it is as old as the replica's last message, which a silent network holds back, and null or an old
-- number on an idle server. So its age is added, and nothing counts once all that is on disk here was replayed there.
-- A replica that has yet to fetch what it missed does not follow: its lag would be counted from its return. What receives
-- without replaying (an archive) and what decodes (a logical subscriber) is no replica.
create or replace function replica_lag(out is_visible boolean, out lag_seconds double precision) language sql security definer set search_path = pg_catalog, pg_temp as $$
  select is_visible, case when is_visible then (
      select max(case when r.replay_lsn >= pg_current_wal_flush_lsn() then 0
        else greatest(0, extract(epoch from coalesce(r.replay_lag, '0') + (clock_timestamp() - r.reply_time))) end)
      from pg_stat_replication r
      where r.state = 'streaming' and r.replay_lsn is not null
        and not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')) end
  from (select pg_has_role('pg_read_all_stats', 'usage') and not pg_is_in_recovery() as is_visible) sight
$$;
revoke all on function replica_lag() from public;
grant execute on function replica_lag() to campus_app;
