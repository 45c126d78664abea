"""Night after night: only what changed is read again, late news included; and whatever is broken is one line and no half table."""

import os
import random
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest

import lake as lakes
import steps
import texts
from conftest import KEY, FOLDER, moment
from engines import DuckEngine
from faults import Fault


def quiet_campus(campus, first: str = "2026-09-28", days: int = 10) -> list[dict]:
    cafe = campus.open_cafe()
    start = date.fromisoformat(first)
    return [campus.order(cafe, moment(f"{start + timedelta(days=number)} 12:30"), [(0, 2), (1, 1)], campus.join(), "wallet") for number in range(days)]


def net(night) -> int:
    return sum(row[-1] for row in night.rows("sales"))


def test_a_night_without_news_reads_no_day_and_one_more_day_reads_one(campus, duck):
    quiet_campus(campus)
    duck.run(campus, "2026-09-28", "2026-10-05")
    assert duck.days_read() == 8
    duck.run(campus, None, "2026-10-05")
    assert duck.days_read() == 0
    duck.run(campus, None, "2026-10-06")
    assert duck.days_read() == 1
    assert net(duck) == campus.ledger_net("2026-09-28", "2026-10-06")


def test_a_refund_three_days_late_and_a_corrected_order_are_read_and_only_their_months_are_written(campus, duck):
    orders = quiet_campus(campus)
    duck.run(campus, "2026-09-28", "2026-10-07")
    before = {path.split("run=")[1].split("/", 1)[1] for path in duck.bytes_by_name()}
    campus.refund(orders[3], 1_000, moment("2026-10-04 09:00"))
    campus.db.execute("update orders set status = 'cancelled' where id = %s", (orders[5]["id"],))
    duck.run(campus, None, "2026-10-07")
    # The refund's own day, its order's, and the corrected order's.
    assert duck.days_read() == 3
    assert net(duck) == campus.ledger_net("2026-09-28", "2026-10-07")
    statuses = {row[0]: row[9] for row in duck.rows("order_history")}
    assert statuses[orders[5]["id"]] == "cancelled"
    after = {path.split("run=")[1].split("/", 1)[1] for path in duck.bytes_by_name()}
    assert not [path for path in after - before if "month=2026-09" in path]
    assert [path for path in after - before if "sales/month=2026-10" in path]


def test_a_pay_out_that_came_back_is_no_sale_and_a_dispute_that_moved_to_the_cafe_is_one(campus, duck):
    (order, *_rest) = quiet_campus(campus)
    legs = (
        ("settlement", "cafe_payable", "bank", 3_000), ("settlement_return", "bank", "cafe_payable", 3_000),
        ("dispute_moved", "cafe_payable", "fees", 700),
    )
    for kind, *ends, amount in legs:
        accounts = [campus.one("select account_of(%s, null, %s, 'SEK')", end, order["cafe"] if end == "cafe_payable" else None) for end in ends]
        campus.db.execute(
            "insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, at) values (%s, %s, %s, %s, 'SEK', %s)",
            (kind, *accounts, amount, moment("2026-09-29 10:00")),
        )
    duck.run(campus, "2026-09-28", "2026-10-07")
    names = [column.name for column in texts.TABLES["sales"].columns]
    sums = [sum(dict(zip(names, row))[name] for row in duck.rows("sales")) for name in ("gross_minor", "disputes_minor", "net_minor")]
    gross = campus.one("select sum(total_minor)::bigint from orders")
    assert sums == [gross, 700, gross - 700]


def test_a_payment_that_was_not_committed_when_the_night_read_is_read_the_night_after(campus, duck):
    quiet_campus(campus)
    with psycopg.connect(campus.url) as slow:
        slow.execute("update orders set no_show_at = now() where order_number = 'T-2'")
        duck.run(campus, "2026-09-28", "2026-10-07")
        # Younger than the slow one, and committed before it.
        campus.db.execute("update orders set no_show_at = now() where order_number = 'T-5'")
        duck.run(campus, None, "2026-10-07")
        slow.commit()
    duck.run(campus, None, "2026-10-07")
    shown = sorted(str(row[2]) for row in duck.rows("order_history") if row[15])
    assert shown == ["2026-09-29", "2026-10-02"]


def test_an_order_between_any_two_reads_of_the_job_is_not_in_its_sums(campus, duck):
    quiet_campus(campus)
    cafe = campus.cafes[0][0]
    locks: set[str] = set()
    frozen = {}

    class Watched(DuckEngine):
        def open(self, address):
            snapshot = super().open(address)
            with psycopg.connect(campus.url) as beside:
                beside.execute(f"set transaction isolation level repeatable read; ")
                beside.execute(f"set transaction snapshot '{snapshot}'")
                frozen["net"] = beside.execute(
                    "select sum(e.amount_minor)::bigint from accounts a join ledger_entries e on e.account_id = a.id where a.kind = 'cafe_payable'"
                ).fetchone()[0]
            campus.order(cafe, moment("2026-10-02 12:00"))
            return snapshot

        def extract(self, part, key, target):
            campus.order(cafe, moment("2026-10-02 12:00"))
            super().extract(part, key, target)
            rows = campus.db.execute("select l.mode from pg_locks l join pg_stat_activity a on a.pid = l.pid where a.usename = 'campus_reports' and l.locktype = 'relation'").fetchall()
            locks.update(mode for (mode,) in rows)

    scratch = duck.folder.parent / "watched"
    scratch.mkdir()
    duck.engine = Watched(scratch, 500)
    steps.PARTS_AT_ONCE, kept = 1, steps.PARTS_AT_ONCE
    try:
        duck.run(campus, "2026-09-28", "2026-10-07")
    finally:
        steps.PARTS_AT_ONCE = kept
    assert net(duck) == frozen["net"] < campus.ledger_net("2026-09-28", "2026-10-07")
    assert locks <= {"AccessShareLock"}
    duck.engine = DuckEngine(scratch, 500)
    duck.run(campus, None, "2026-10-07")
    assert net(duck) == campus.ledger_net("2026-09-28", "2026-10-07")


WORKER = """
import os, sys
sys.path.insert(0, {folder!r})
import lake, main
places = [0]
def dying(name):
    real = getattr(lake.FolderStore, name)
    def call(self, *args):
        places[0] += 1
        if places[0] == {place}: os._exit(137)
        return real(self, *args)
    setattr(lake.FolderStore, name, call)
for name in ("write", "put", "copy", "remove"): dying(name)
code = main.main(sys.argv[1:])
print("places", places[0])
sys.exit(code)
"""


def run_worker(campus, folder: Path, *words: str, place: int = 0, env: dict | None = None) -> subprocess.CompletedProcess:
    given = {
        **os.environ, "ANALYTICS_DATABASE_URL": campus.address.url, "ANALYTICS_DATABASE_PASSWORD": campus.address.password, "ANALYTICS_PSEUDONYM_KEY": KEY,
        # What is killed does not clear up behind itself: the test's own folder is removed with the test.
        "ANALYTICS_SCRATCH": str(folder.parent), **(env or {}),
    }
    return subprocess.run(
        [sys.executable, "-c", WORKER.format(folder=str(FOLDER), place=place), "--engine", "duckdb", "--lake", str(folder), "--memory-mb", "500", *words],
        env=given, capture_output=True, text=True, timeout=120,
    )


def test_killed_at_twelve_places_readers_see_one_run_or_the_other_and_the_next_night_heals(campus, duck):
    orders = quiet_campus(campus)
    duck.run(campus, "2026-09-28", "2026-10-06")
    yesterday = duck.lake.current(steps.TABLES).run
    untouched = duck.folder.with_name("untouched")
    shutil.copytree(duck.folder, untouched, copy_function=os.link)
    campus.refund(orders[2], 900, moment("2026-10-05 10:00"))
    whole = run_worker(campus, duck.folder, "--day", "2026-10-06")
    assert whole.returncode == 0, whole.stderr
    today, places = duck.lake.current(steps.TABLES).run, int(whole.stdout.split()[-1])
    assert places >= 12 and today != yesterday
    seen = set()
    for number in range(12):
        folder = duck.folder.with_name(f"killed-{number}")
        shutil.copytree(untouched, folder)
        place = 1 + number * (places - 1) // 11
        assert run_worker(campus, folder, "--day", "2026-10-06", place=place).returncode == 137
        killed = type(duck)(folder, duck.engine)
        release = killed.lake.current(steps.TABLES)
        assert release.run in (yesterday, today), place
        seen.add(release.run)
        for table in release.files:
            killed.rows(table)
        healed = run_worker(campus, folder, "--day", "2026-10-06")
        assert healed.returncode == 0, healed.stderr
        assert killed.lake.current(steps.TABLES).run == today
        assert killed.bytes_by_name() == duck.bytes_by_name()
    assert seen == {yesterday, today}


def test_a_damaged_file_is_one_line_that_names_it_and_reading_its_month_again_heals(campus, duck):
    orders = quiet_campus(campus)
    duck.run(campus, "2026-09-28", "2026-10-07")
    path = duck.lake.current(steps.EXTRACTED).files["money"]["2026-10"]
    file = duck.folder / path
    file.write_bytes(file.read_bytes()[:-40] + b"\0" * 40)
    campus.refund(orders[5], 500, moment("2026-10-05 09:00"))
    broken = run_worker(campus, duck.folder, "--day", "2026-10-07")
    assert broken.returncode == 1 and broken.stderr.count("\n") == 1
    assert f"{path} is damaged" in broken.stderr and "--from 2026-10-01" in broken.stderr
    assert run_worker(campus, duck.folder, "--from", "2026-10-01", "--day", "2026-10-07").returncode == 0
    assert net(duck) == campus.ledger_net("2026-09-28", "2026-10-07")


def test_a_missing_file_is_one_line(campus, duck):
    quiet_campus(campus)
    duck.run(campus, "2026-09-28", "2026-10-07")
    (duck.folder / duck.lake.current(steps.EXTRACTED).files["orders"]["2026-09"]).unlink()
    broken = run_worker(campus, duck.folder)
    assert broken.returncode == 1 and broken.stderr.count("\n") == 1 and "is missing from the lake" in broken.stderr


def test_a_missing_day_fails_the_check_and_readers_keep_what_they_have(campus, duck):
    quiet_campus(campus)
    release = duck.run(campus, "2026-09-28", "2026-10-06")
    steps.extract(duck.engine, duck.lake, campus.address, steps.PseudonymKey.of(KEY), None, "2026-10-07", duck.lines.append)
    lake = duck.lake
    source = lake.current(steps.EXTRACTED)
    made = {}
    for name in ("orders", "calendar", "money", "sold_lines"):
        target = duck.folder.parent / f"lost-{name}.parquet"
        duckdb.execute(f"copy (select * from read_parquet('{duck.folder / source.files[name]['2026-10']}') where business_day <> date '2026-10-03') to '{target}'")
        made[name, "2026-10"] = target
    lake.publish(steps.EXTRACTED, source, made, {}, lambda *_: True, source.facts)
    with pytest.raises(Fault, match="days: none is missing.*nothing was published.*--from 2026-09-28"):
        steps.publish(duck.engine, duck.lake, duck.lines.append)
    assert duck.lake.current(steps.TABLES).run == release.run


def test_a_changed_column_is_one_line_that_says_what_to_mend(campus, duck):
    quiet_campus(campus)
    release = duck.run(campus, "2026-09-28", "2026-10-06")
    campus.db.execute("alter table orders rename item_count to portions")
    broken = run_worker(campus, duck.folder, "--day", "2026-10-07")
    assert broken.returncode == 1 and broken.stderr.count("\n") == 1
    assert "item_count does not exist" in broken.stderr and "app/analytics/extract" in broken.stderr
    assert duck.lake.current(steps.TABLES).run == release.run


def test_a_source_that_drops_in_the_middle_is_one_line_and_nothing_is_half_written(campus, duck):
    quiet_campus(campus)

    class Cut(DuckEngine):
        def extract(self, part, key, target):
            campus.db.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'campus_reports'")
            super().extract(part, key, target)

    scratch = duck.folder.parent / "cut"
    scratch.mkdir()
    duck.engine = Cut(scratch, 500)
    with pytest.raises(Fault, match="went away in the middle.*nothing was published"):
        duck.run(campus, "2026-09-28", "2026-10-06")
    assert not duck.folder.exists() or not list(duck.folder.rglob("*.parquet"))


def test_a_database_that_is_not_there_is_one_line(campus, duck):
    broken = run_worker(campus, duck.folder, env={"ANALYTICS_DATABASE_URL": "postgres://campus_reports@127.0.0.1:9/none"})
    assert broken.returncode == 1 and broken.stderr.count("\n") == 1 and "cannot be reached" in broken.stderr


def test_a_full_disk_is_one_line_and_readers_keep_what_they_have(campus, duck, tmp_path):
    quiet_campus(campus)
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], capture_output=True).returncode != 0:
        pytest.skip("a full disk: this machine lets us mount no small one")
    try:
        broken = run_worker(campus, small, "--from", "2026-09-28", "--day", "2026-10-06", env={"ANALYTICS_SCRATCH": str(small)})
        assert broken.returncode == 1 and broken.stderr.count("\n") == 1, broken.stderr
        assert "disk is full" in broken.stderr or "No space left" in broken.stderr
        assert not (small / "tables/current.json").exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_day_that_is_not_over_is_refused(campus, duck):
    quiet_campus(campus)
    tomorrow = str(date.today() + timedelta(days=1))
    with pytest.raises(Fault, match="is not over in every café yet"):
        duck.run(campus, "2026-09-28", tomorrow)


def weeks_of_sales(campus, cafe: str, portions_of_week, weeks: int, last: date) -> None:
    for week in range(weeks):
        for back in range(7):
            day = last - timedelta(days=7 * week + back)
            portions = portions_of_week(weeks - 1 - week, day)
            if portions:
                campus.order(cafe, moment(f"{day} 12:00"), [(0, portions)])


def test_a_forecast_is_listed_only_where_it_beat_last_week_on_the_weeks_held_out(campus, duck):
    last = date(2026, 10, 4)
    noisy, growing, new = campus.open_cafe(), campus.open_cafe(), campus.open_cafe()
    # A level with noise: the mean of four weeks knows it better than one week does.
    weeks_of_sales(campus, noisy, lambda week, day: 20 + random.Random(day.toordinal()).randint(0, 8), 9, last)
    # Each week doubles: the mean of four is always behind, so it must not be shown.
    weeks_of_sales(campus, growing, lambda week, day: 2**week, 9, last)
    weeks_of_sales(campus, new, lambda week, day: 10, 3, last)
    duck.run(campus, "2026-08-01", str(last))
    scores = {row[0]: row for row in duck.rows("forecast_score")}
    assert {cafe: scores[cafe][5] for cafe in (noisy, growing, new)} == {noisy: True, growing: False, new: False}
    assert scores[noisy][4] > 0 > scores[growing][4]
    assert {row[0] for row in duck.rows("prep_list")} == {noisy}
    # Worked out by hand: each day of next week is the mean of the four before on its weekday, half up.
    sold = dict(campus.db.execute("select order_day, sum(item_count)::int from orders where cafe_id = %s group by 1", (noisy,)).fetchall())
    for _cafe, number, _dish, portions, last_week in duck.rows("prep_list"):
        day = date(1970, 1, 1) + timedelta(days=number)
        before = [sold[day - timedelta(days=7 * week)] for week in (1, 2, 3, 4)]
        assert (portions, last_week) == (int(sum(before) / 4 + 0.5), before[0]), day
    # And the error is what a walk over the held-out weeks finds.
    error = sum(
        abs(4 * sold[last - timedelta(days=7 * week + back)] - sum(sold[last - timedelta(days=7 * (week + ago) + back)] for ago in (1, 2, 3, 4)))
        for week in range(4) for back in range(7)
    )
    assert scores[noisy][2] == error


def test_retention_counts_each_student_once_a_month(campus, duck):
    first, second = campus.open_cafe(), campus.open_cafe()
    ann, bo = campus.join(), campus.join()
    for cafe, student, day in ((first, ann, "2026-08-03"), (first, ann, "2026-08-09"), (second, ann, "2026-09-01"), (first, bo, "2026-08-30"), (first, bo, "2026-10-01")):
        campus.order(cafe, moment(f"{day} 12:00"), student=student)
    duck.run(campus, "2026-08-01", "2026-10-02")
    rows = {(row[0], row[1], row[2]): row[3:] for row in duck.rows("retention")}
    assert rows == {
        ("all", "2026-08", 0): (2, 2), ("all", "2026-08", 1): (1, 2), ("all", "2026-08", 2): (1, 2),
        (first, "2026-08", 0): (2, 2), (first, "2026-08", 2): (1, 2), (second, "2026-09", 0): (1, 1),
    }
