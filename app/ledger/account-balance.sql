-- The balance of an account that is no wallet, as of this statement: its last snapshot and the tail behind it.
create or replace function account_balance(p_account_id uuid) returns bigint language sql stable as $$
  select (coalesce((select s.balance_minor from account_snapshots s where s.account_id = p_account_id order by s.before_xid desc limit 1), 0)
    + coalesce((select sum(e.amount_minor) from ledger_entries e
        where e.account_id = p_account_id and e.xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8)), 0))::bigint;
$$;

-- Writes the balance of each account that moved since the last run, and forgets all but its last two snapshots. What has a smaller xid
-- than the oldest transaction that still runs is decided and seen, and nothing can appear behind it.
create or replace function take_account_snapshots() returns void language sql security definer set search_path = public, pg_temp as $$
  with boundary as (select pg_snapshot_xmin(pg_current_snapshot()) as xid),
  moved as (
    select e.account_id, sum(e.amount_minor)::bigint as amount_minor
    from ledger_entries e join accounts a on a.id = e.account_id and a.kind <> 'wallet', boundary
    where e.xid >= coalesce((select max(before_xid) from account_snapshots), '0'::xid8) and e.xid < boundary.xid
    group by e.account_id)
  insert into account_snapshots (account_id, before_xid, balance_minor)
  select m.account_id, boundary.xid, m.amount_minor + coalesce(s.balance_minor, 0)
  from boundary, moved m left join (
    select distinct on (account_id) account_id, balance_minor from account_snapshots order by account_id, before_xid desc) s on s.account_id = m.account_id;
  delete from account_snapshots where (account_id, before_xid) in (
    select account_id, before_xid from (
      select account_id, before_xid, row_number() over (partition by account_id order by before_xid desc) as age from account_snapshots) s
    where age > 2);
$$;
