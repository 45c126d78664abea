"""A small campus in a real PostgreSQL, a clone of the migrated template for each test that changes it."""

import os
import subprocess
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

FOLDER = Path(__file__).parent.parent
sys.path.insert(0, str(FOLDER))

from engines import Address, DuckEngine, SparkEngine  # noqa: E402
from lake import FolderStore, Lake  # noqa: E402
from pseudonyms import PseudonymKey  # noqa: E402
import steps  # noqa: E402

KEY = "a key for tests, thirty-two characters"
PASSWORD = "reports-of-the-tests"
ZONES = ("Europe/Stockholm", "Europe/Rome", "Australia/Lord_Howe")


class Campus:
    """Writes what the application would have written, and counts its own books beside it."""

    def __init__(self, superuser_url: str, name: str):
        self.url = superuser_url.rsplit("/", 1)[0] + f"/{name}"
        self.db = psycopg.connect(self.url, autocommit=True)
        self.db.execute("set timezone = 'UTC'")
        self.cafes: list[tuple[str, str]] = []
        self.dishes: dict[str, list[str]] = {}
        self.students: list[str] = []
        self.numbers = 0

    @property
    def address(self) -> Address:
        server = self.url.split("@", 1)[1]
        return Address(f"postgres://campus_reports@{server}", PASSWORD)

    def one(self, sql: str, *values):
        return self.db.execute(sql, values).fetchone()[0]

    def open_cafe(self, zone: str = ZONES[0], dishes: int = 3) -> str:
        number = len(self.cafes) + 1
        cafe = str(self.one("insert into cafes (code, name, status, currency, time_zone) values (%s, %s, 'approved', 'SEK', %s) returning id", f"C{number:03}", f"Café {number}", zone))
        for kind in ("cafe_payable", "cash"):
            self.db.execute("insert into accounts (kind, cafe_id, currency) values (%s, %s, 'SEK')", (kind, cafe))
        category = self.one("insert into categories (cafe_id, name) values (%s, 'Lunch') returning id", cafe)
        self.dishes[cafe] = [
            str(self.one("insert into menu_items (cafe_id, category_id, name, price_minor) values (%s, %s, %s, %s) returning id", cafe, category, f"Dish, the \"{dish}.\"", 4_000 + 137 * dish))
            for dish in range(dishes)
        ]
        self.cafes.append((cafe, zone))
        return cafe

    def join(self) -> str:
        student = str(self.one("insert into students (phone, name) values (%s, 'A name that nobody may read') returning id", f"+4670{len(self.students):07}"))
        self.db.execute("insert into accounts (kind, student_id, currency) values ('wallet', %s, 'SEK')", (student,))
        self.students.append(student)
        return student

    def order(self, cafe: str, at: datetime, lines=((0, 1),), student: str | None = None, method: str = "cash", delivery: int = 0, paid: bool = True) -> dict:
        """Placed at a moment and paid a minute later."""
        zone = dict(self.cafes)[cafe]
        self.numbers += 1
        price = lambda dish: 4_000 + 137 * dish  # noqa: E731
        subtotal = sum(price(dish) * quantity for dish, quantity in lines)
        paid_at = at + timedelta(minutes=1)
        transaction = str(uuid.uuid4()) if paid else None
        order = str(
            self.one(
                """insert into orders (cafe_id, student_id, order_number, order_day, status, order_type, payment_method, payment_status, subtotal_minor, delivery_charge_minor, total_minor,
                   currency, item_count, delivery_address, paid_transaction_id, paid_at, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'SEK', %s, %s, %s, %s, %s) returning id""",
                *(cafe, student, f"T-{self.numbers}", at.astimezone(ZoneInfo(zone)).date(), "completed" if paid else "cancelled", "delivery" if delivery else "pickup", method),
                *("paid" if paid else "pending", subtotal, delivery, subtotal + delivery, sum(quantity for _, quantity in lines), "Dorm 4" if delivery else None, transaction),
                *(paid_at if paid else None, at),
            )
        )
        for dish, quantity in lines:
            self.db.execute(
                "insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor) values (%s, %s, 'x', %s, 1200, %s, %s)",
                (order, self.dishes[cafe][dish], price(dish), quantity, price(dish) * quantity),
            )
        made = {"id": order, "cafe": cafe, "total": subtotal + delivery, "transaction": transaction}
        if paid:
            self._move("cash_sale" if method == "cash" else "debit", cafe, made, subtotal + delivery, paid_at, transaction, student=student if method == "wallet" else None)
        return made

    def refund(self, order: dict, amount: int, at: datetime) -> None:
        self._move("refund", order["cafe"], order, amount, at, str(uuid.uuid4()), corrects=order["transaction"])
        self.db.execute("update orders set refunded_minor = refunded_minor + %s, updated_at = now() where id = %s", (amount, order["id"]))

    def _move(self, kind: str, cafe: str, order: dict, amount: int, at: datetime, transaction: str, corrects: str | None = None, student: str | None = None) -> None:
        payable = self.one("select id from accounts where kind = 'cafe_payable' and cafe_id = %s", cafe)
        other = self.one("select id from accounts where kind = 'wallet' and student_id = %s", student) if student else self.one("select id from accounts where kind = 'cash' and cafe_id = %s", cafe)
        ends = (payable, other) if corrects else (other, payable)
        sequence = self.numbers + 1_000_000 * (corrects is not None) if student else None
        self.db.execute(
            """insert into ledger_transactions (id, kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, corrects_id, wallet_student_id, wallet_seq, wallet_balance_after_minor, at)
               values (%s, %s, %s, %s, %s, 'SEK', %s, %s, %s, %s, %s, %s, %s)""",
            (transaction, kind, *ends, amount, order["id"], str(uuid.uuid4()) if kind == "debit" else None, corrects, student, sequence, 0 if student else None, at),
        )

    def ledger_net(self, first: str, last: str) -> int:
        return self.one(
            """select coalesce(sum(e.amount_minor), 0)::bigint from accounts a join cafes f on f.id = a.cafe_id join ledger_entries e on e.account_id = a.id
               where a.kind = 'cafe_payable' and (e.at at time zone f.time_zone)::date between %s and %s""",
            first,
            last,
        )


def moment(text: str, zone: str = ZONES[0], fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(timezone.utc)


@pytest.fixture()
def campus():
    server = os.environ["SUPERUSER_URL"]
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name} template {os.environ['TEMPLATE_DATABASE']}")
        admin.execute(f"alter role campus_reports password '{PASSWORD}'")
    made = Campus(server, name)
    yield made
    made.db.close()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory):
    driver = os.environ.get("SPARK_DRIVER")
    if not driver:
        pytest.skip("Spark: no Java, or no JDBC driver")
    engine = SparkEngine(tmp_path_factory.mktemp("spark"), 800, driver)
    yield engine.spark
    engine.spark.stop()


class Night:
    """Runs the jobs as a night would, into a folder."""

    def __init__(self, folder: Path, engine):
        self.folder, self.engine = folder, engine
        self.lines: list[str] = []

    @property
    def lake(self) -> Lake:
        scratch = self.folder.parent / f"{self.folder.name}-scratch"
        scratch.mkdir(exist_ok=True)
        return Lake(FolderStore(self.folder), scratch)

    def run(self, campus: Campus, first: str | None = None, last: str | None = None, key: str = KEY):
        self.lines.clear()
        steps.extract(self.engine, self.lake, campus.address, PseudonymKey.of(key), first, last, self.lines.append)
        return steps.publish(self.engine, self.lake, self.lines.append)

    def rows(self, table: str) -> list[tuple]:
        lake = self.lake
        area = steps.TABLES if table in lake.current(steps.TABLES).files else steps.EXTRACTED
        release = lake.current(area)
        import duckdb

        files = [str(lake.local(path)) for path in release.paths(table)]
        duck = duckdb.connect()
        return duck.execute("select * from read_parquet($files, hive_partitioning = false) order by all", {"files": files}).fetchall()

    def bytes_by_name(self) -> dict[str, bytes]:
        release = self.lake.current(steps.TABLES)
        return {path: (self.folder / path).read_bytes() for table in release.files for path in release.paths(table)}

    def days_read(self) -> int:
        return int(next(line for line in self.lines if line.startswith("extract: ") and " days in " in line).split()[1])


@pytest.fixture()
def duck(tmp_path) -> Night:
    scratch = tmp_path / "duck-engine"
    scratch.mkdir()
    return Night(tmp_path / "duck", DuckEngine(scratch, 500))


@pytest.fixture()
def spark(tmp_path, spark_session) -> Night:
    scratch = tmp_path / "spark-engine"
    scratch.mkdir()
    return Night(tmp_path / "spark", SparkEngine(scratch, 800, session=spark_session))
