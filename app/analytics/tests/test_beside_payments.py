"""While four tills write as fast as they can, a job reads: its sums are those of its snapshot, and it holds no lock that a payment could meet."""

import threading

import psycopg
import pytest

import steps
from conftest import Campus, moment
from pseudonyms import PseudonymKey
from conftest import KEY

TILLS, FEWEST_SALES = 4, 40
SPAN = ("2026-09-28", "2026-10-07")
NET = """select coalesce(sum(e.amount_minor), 0)::bigint, count(*) from accounts a join ledger_entries e on e.account_id = a.id where a.kind = 'cafe_payable'"""


class Torture:
    """Sells and gives back in each café on days that are being read, from a connection of its own each, until it is stopped."""

    def __init__(self, campus: Campus):
        self.stopping, self.sold, self.locks, self.failed = threading.Event(), [0] * TILLS, set(), []
        self.threads = [threading.Thread(target=self.guarded, args=(self.sell, campus, number)) for number in range(TILLS)]
        self.threads.append(threading.Thread(target=self.guarded, args=(self.watch, campus)))

    def guarded(self, work, *about):
        try:
            work(*about)
        except Exception as error:  # told at the end, in the test's own thread
            self.failed.append(error)

    def sell(self, campus: Campus, number: int) -> None:
        till = Campus(campus.url, campus.url.rsplit("/", 1)[1])
        till.cafes, till.dishes, till.numbers = campus.cafes, campus.dishes, 100_000 * (number + 1)
        cafe = campus.cafes[number % len(campus.cafes)][0]
        while not self.stopping.is_set():
            day = 28 + self.sold[number] % 3 if self.sold[number] % 2 else 1 + self.sold[number] % 7
            at = moment(f"2026-{'09' if day > 20 else '10'}-{day:02} 12:{self.sold[number] % 60:02}")
            order = till.order(cafe, at, [(0, 1), (1, 2)])
            if self.sold[number] % 3 == 0:
                till.refund(order, 500, at)
            self.sold[number] += 1
        till.db.close()

    def watch(self, campus: Campus) -> None:
        with psycopg.connect(campus.url, autocommit=True) as beside:
            while not self.stopping.is_set():
                rows = beside.execute("select l.mode from pg_locks l join pg_stat_activity a on a.pid = l.pid where a.usename = 'campus_reports' and l.locktype = 'relation'").fetchall()
                self.locks.update(mode for (mode,) in rows)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.failed, self.failed


@pytest.mark.parametrize("engine", ["duck", "spark"])
def test_while_four_tills_write_the_sums_are_the_snapshots_and_no_lock_is_above_access_share(campus, engine, request):
    night = request.getfixturevalue(engine)
    for _ in range(3):
        cafe = campus.open_cafe()
        for day in range(1, 8):
            campus.order(cafe, moment(f"2026-10-0{day} 12:30"), [(0, 2)])
    seen = {}
    real_open = night.engine.open

    def open_and_look(address):
        """A stranger with the same snapshot counts what it holds, before the job reads a row."""
        snapshot = real_open(address)
        with psycopg.connect(campus.url) as beside:
            beside.execute("set transaction isolation level repeatable read")
            beside.execute(f"set transaction snapshot '{snapshot}'")
            seen["net"], seen["entries"] = beside.execute(NET).fetchone()
        seen["sold"] = sum(torture.sold)
        return snapshot

    night.engine.open = open_and_look
    with Torture(campus) as torture:
        while sum(torture.sold) < FEWEST_SALES and not torture.failed:
            torture.stopping.wait(0.01)
        steps.extract(night.engine, night.lake, campus.address, PseudonymKey.of(KEY), *SPAN, night.lines.append)
        sold_meanwhile = sum(torture.sold) - seen["sold"]
    steps.publish(night.engine, night.lake, night.lines.append)
    assert sold_meanwhile > 0, "nobody sold while the job read: the test proves nothing"
    assert sum(row[-1] for row in night.rows("sales")) == seen["net"] < campus.ledger_net(*SPAN)
    assert len(night.rows("money")) == seen["entries"]
    assert torture.locks == {"AccessShareLock"}
    # And the next night has the rest.
    night.engine.open = real_open
    night.run(campus, None, SPAN[1])
    assert sum(row[-1] for row in night.rows("sales")) == campus.ledger_net(*SPAN)
