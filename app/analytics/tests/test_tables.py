"""What the tables say is what the ledger says: on both engines, row by row, and to the minor unit."""

import hashlib
import hmac
import os
import random
import re
from collections import defaultdict
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pyarrow.parquet
import pytest
import sqlglot

import texts
from conftest import KEY, ZONES, moment


def lively_campus(campus, seed: int = 7) -> None:
    """Both clock changes of 2026 in three zones, orders on both sides of midnight, refunds days later, a delivery, a cancelled order."""
    draw = random.Random(seed)
    for zone in ZONES:
        campus.open_cafe(zone)
    for _ in range(12):
        campus.join()
    days = [date(2026, 3, 27) + timedelta(days=number) for number in range(5)] + [date(2026, 10, 23) + timedelta(days=number) for number in range(5)]
    for day in days:
        for cafe, zone in campus.cafes:
            for _ in range(6):
                at = moment(f"{day} {draw.choice((0, 1, 2, 3, 12, 13, 23)):02}:{draw.choice((0, 15, 30, 59)):02}", zone, fold=draw.choice((0, 1)))
                student = draw.choice([None, *campus.students])
                order = campus.order(
                    cafe, at, [(dish, draw.randint(1, 3)) for dish in draw.sample(range(3), draw.randint(1, 3))], student,
                    "wallet" if student and draw.random() < 0.7 else "cash", draw.choice((0, 0, 2_000)), paid=draw.random() < 0.9,
                )
                if order["transaction"] and draw.random() < 0.3:
                    part = order["total"] // draw.choice((1, 3, 7))
                    campus.refund(order, part, at + timedelta(days=3, hours=5))
                    if part * 2 <= order["total"]:
                        campus.refund(order, part, at + timedelta(days=3, hours=6))


SPAN = ("2026-03-20", "2026-11-05")


def test_spark_and_duckdb_make_the_same_rows_and_both_are_the_ledger(campus, duck, spark):
    lively_campus(campus)
    duck.run(campus, *SPAN)
    spark.run(campus, *SPAN)
    for name in [*texts.SOURCES, *texts.TABLES]:
        assert spark.rows(name) == duck.rows(name), name
    assert len(duck.rows("order_history")) == campus.one("select count(*) from orders")
    net = [column.name for column in texts.TABLES["sales"].columns].index("net_minor")
    assert sum(row[net] for row in duck.rows("sales")) == campus.ledger_net(*SPAN)
    assert sum(row[-1] for row in duck.rows("items_sold")) == campus.ledger_net(*SPAN)


def test_what_the_text_says_of_its_columns_is_what_both_engines_write(campus, duck, spark):
    lively_campus(campus)
    arrow = {"string": "string", "int": "int32", "bigint": "int64", "date": "date32[day]", "timestamp": "timestamp[us]", "boolean": "bool"}
    for night in (duck, spark):
        night.run(campus, *SPAN)
        for area in ("extracted", "tables"):
            for name, months in night.lake.current(area).files.items():
                table = texts.TABLES.get(name) or texts.SOURCES[name]
                schema = pyarrow.parquet.read_schema(night.folder / next(iter(months.values())))
                found = {field.name: str(field.type).replace(", tz=UTC", "") for field in schema}
                assert found == {column.name: arrow[column.type] for column in table.columns}, (night.engine.name, name)


def test_the_second_run_changes_no_byte_on_either_engine(campus, duck, spark):
    lively_campus(campus)
    for night in (duck, spark):
        first = night.run(campus, *SPAN)
        before = night.bytes_by_name()
        second = night.run(campus, None, SPAN[1])
        assert (second.run, night.bytes_by_name()) == (first.run, before)
        # And made anew from nothing, they are the same again.
        third = night.run(campus, *SPAN)
        assert (third.run, night.bytes_by_name()) == (first.run, before)


def test_days_have_23_24_and_25_hours_and_no_order_falls_between(campus, duck):
    lively_campus(campus)
    duck.run(campus, *SPAN)
    names = [column.name for column in texts.TABLES["peak_usage"].columns]
    halves = defaultdict(int)
    for row in duck.rows("peak_usage"):
        peak = dict(zip(names, row))
        halves[peak["cafe_id"], str(peak["business_day"])] += peak["half_hours"]
    stockholm, _rome, lord_howe = (cafe for cafe, _ in campus.cafes)
    assert [halves[stockholm, day] for day in ("2026-03-28", "2026-03-29", "2026-10-25")] == [48, 46, 50]
    # Lord Howe Island sets its clock by half an hour.
    assert [halves[lord_howe, day] for day in ("2026-04-05", "2026-10-04")] == [49, 47]
    # The hours of orders, by Python's own calendar.
    wanted = defaultdict(int)
    zones = dict(campus.cafes)
    for cafe, at in campus.db.execute("select cafe_id::text, created_at from orders").fetchall():
        local = at.astimezone(ZoneInfo(zones[cafe]))
        wanted[cafe, local.date(), local.hour] += 1
    found = {(row[0], row[1], row[3]): row[5] for row in duck.rows("peak_usage") if row[5]}
    assert found == dict(wanted)


def test_pseudonyms_are_an_hmac_and_tell_nobody_without_the_key(campus, duck):
    cafe = campus.open_cafe()
    student = campus.join()
    campus.order(cafe, moment("2026-10-05 12:00"), student=student)
    duck.run(campus, "2026-10-05", "2026-10-05")
    names = [column.name for column in texts.TABLES["order_history"].columns]
    (row,) = duck.rows("order_history")
    secret = hashlib.sha256(KEY.encode()).digest()
    assert dict(zip(names, row))["student"] == hmac.new(secret, student.encode(), "sha256").hexdigest()[:32]
    for file in duck.folder.rglob("*"):
        assert not file.is_file() or student.encode() not in file.read_bytes()
    # Under another key it is somebody else, and the old pseudonym is nobody's.
    duck.run(campus, "2026-10-05", "2026-10-05", key="another key, of thirty-two characters too")
    (again,) = duck.rows("order_history")
    assert dict(zip(names, again))["student"] != dict(zip(names, row))["student"]


def test_the_role_reads_what_the_jobs_need_and_nothing_else(campus):
    address = campus.address
    with psycopg.connect(**address.parts, password=address.password, autocommit=True) as reports:
        for refused in (
            "select phone from students", "select name from students", "select uid_hash from cards", "select delivery_address from orders",
            "select special_instructions from orders", "select * from audit_log", "select bank_reference from settlements", "select value from settings",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reports.execute(refused)
        for written in ("insert into orders default values", "update wallets set balance_minor = 1", "create table public.x ()", "delete from orders"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
                reports.execute(written)
        reports.execute("set default_transaction_read_only = off")
        for written in ("insert into orders default values", "update wallets set balance_minor = 1", "create table public.x ()", "delete from orders"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reports.execute(written)


@pytest.mark.parametrize("table", [*texts.TABLES.values()], ids=[*texts.TABLES])
def test_athena_can_read_the_text(table):
    """Athena is Trino: its grammar takes each text, and each column is named that it must give."""
    query = sqlglot.parse_one(table.sql, dialect="trino")
    assert [each.alias_or_name for each in query.selects] == [column.name for column in table.columns]


@pytest.mark.parametrize("table", [table for table in texts.SOURCES.values() if re.search(r"\b(from|join) (orders|order_items|ledger_\w+)\b", table.sql)], ids=lambda table: table.name)
def test_what_reads_orders_or_the_ledger_rests_beside_those_who_pay(table):
    assert "{rest}" in table.sql, f"{table.name} reads a large table without a pause: put {{rest}} into the condition of its scan"
