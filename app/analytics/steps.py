"""What a night does: extract (PostgreSQL to files), then publish (files to tables, checked, and the pointer moved)."""

import datetime
import json
import shutil
import time
from pathlib import Path
from typing import Callable

import texts
from engines import REST, Address, Part, at_once, told_plainly
from faults import Broken, Fault
from lake import WHOLE, Lake, Release
from pseudonyms import PseudonymKey

EXTRACTED, TABLES = "extracted", "tables"
PARTS_AT_ONCE = 4
DAY = datetime.timedelta(days=1)
EPOCH = datetime.date(1970, 1, 1)

Say = Callable[[str], None]


class Progress:
    """A line when a part is done and two seconds have passed, so that nobody looks at silence."""

    def __init__(self, say: Say, what: str, total: int):
        self.say, self.what, self.total, self.done, self.said = say, what, total, 0, time.monotonic()

    def step(self, _job: object) -> None:
        self.done += 1
        if time.monotonic() - self.said >= 2 or self.done == self.total:
            self.said = time.monotonic()
            self.say(f"{self.what}: {self.done} of {self.total}")


def extract(engine, lake: Lake, address: Address, key: PseudonymKey, first: str | None, last: str | None, say: Say) -> Release:
    """Reads again every business day that a row written since the run before touches, all in one snapshot."""
    before = lake.current(EXTRACTED)
    snapshot = engine.open(address)
    try:
        rest = "true" if engine.alone else REST
        now = what_to_read(engine, before, first, last, rest)
        days = now.pop("days")
        by_month: dict[str, list[str]] = {}
        for day in days:
            by_month.setdefault(day[:7], []).append(day)
        say(f"extract: {len(days)} days in {len(by_month)} months, in the snapshot {snapshot}")
        scratch = fresh_folder(lake.scratch / EXTRACTED)
        parts = [part_of(table, month, by_month, before, lake, now, rest) for table in texts.SOURCES.values() for month in (by_month if table.by_month else [WHOLE])]
        made = {(part.table.name, part.month): scratch / f"{part.table.name}-{part.month}.parquet" for part in parts}
        progress = Progress(say, "extract", len(parts))
        at_once(PARTS_AT_ONCE, lambda part: engine.extract(part, key, made[part.table.name, part.month]), parts, progress.step)
    finally:
        engine.close()
    facts = {**now, "shape": shape_of(texts.SOURCES)}
    with told_plainly("keeping what was read"):
        release = lake.publish(EXTRACTED, before, made, {}, lambda table, month: table in texts.SOURCES and month >= now["from"][:7], facts)
    say(f"extract: {now['from']} to {now['last']} is in run {release.run}")
    return release


def what_to_read(engine, before: Release, first: str | None, last: str | None, rest: str) -> dict:
    """Which days, and the watermark for the next run: the oldest transaction that this snapshot could not see yet."""
    ((watermark, as_of, yesterday, earliest),) = engine.ask(
        "select pg_snapshot_xmin(pg_current_snapshot())::text as watermark, to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as as_of,"
        " (select coalesce(min((now() at time zone time_zone)::date), current_date) - 1 from cafes)::text as yesterday, (select min(order_day) from orders)::text as earliest"
    )
    known = before.facts
    last = last or max(yesterday, known.get("last", yesterday))
    if last > yesterday:
        raise Fault(f"{last} is not over in every café yet: the last whole day is {yesterday}.")
    start = known.get("from") or first or earliest or last
    start = min(start, first or start)
    if known.get("shape") not in (None, shape_of(texts.SOURCES)):
        known = {}
    if first or not known:
        days = days_between(first or start, last)
        if known and first and first > known["last"]:
            days = days_between(str(datetime.date.fromisoformat(known["last"]) + DAY), last)
    else:
        if int(known["watermark"]) > int(watermark):
            raise Fault("this is not the database of the run before (its transactions are younger): run with --from the first day.")
        days = sorted({*days_between(str(datetime.date.fromisoformat(known["last"]) + DAY), last), *touched(engine, known["watermark"], start, last, rest)})
    return {"days": days, "from": start, "last": max(last, known.get("last", last)), "as_of": as_of, "watermark": watermark, "pseudonyms": "HMAC-SHA-256"}


#: A row's own xmin with the epoch of today's transactions before it. A frozen row's may look young: it is read once more.
WRITTEN = "(case when {x}.xmin::text::bigint <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint % 4294967296 then 0 else -4294967296 end + {x}.xmin::text::bigint + pg_snapshot_xmax(pg_current_snapshot())::text::bigint / 4294967296 * 4294967296)"


def touched(engine, watermark: str, first: str, last: str, rest: str) -> list[str]:
    written = lambda alias: WRITTEN.format(x=alias)  # noqa: E731
    rows = engine.ask(
        f"""select distinct day::text as day from (
          select o.order_day as day from orders o where {rest} and {written('o')} >= {watermark}
          union
          select d.day from (select i.order_id from order_items i where {rest} and {written('i')} >= {watermark} offset 0) i
            join orders o on o.id = i.order_id join cafes f on f.id = o.cafe_id,
            lateral (values (o.order_day), ((o.paid_at at time zone f.time_zone)::date)) d (day)
          union
          select (t.at at time zone f.time_zone)::date from ledger_transactions t
            join accounts a on a.kind = 'cafe_payable' and a.id in (t.from_account_id, t.to_account_id) join cafes f on f.id = a.cafe_id
          where t.xid >= '{watermark}'::xid8) x
        where day between date '{first}' and date '{last}'"""
    )
    return sorted(day for (day,) in rows)


def part_of(table: texts.Table, month: str, by_month: dict[str, list[str]], before: Release, lake: Lake, now: dict, rest: str) -> Part:
    if month == WHOLE:
        return Part(table, month, table.sql.format(**{"rest": rest, "from": now["from"], "last": now["last"]}), None, ())
    days = by_month[month]
    sql = table.sql.format(rest=rest, first=days[0], end=datetime.date.fromisoformat(days[-1]) + DAY, days=", ".join(f"date '{day}'" for day in days))
    wanted = [day for day in days_in(month) if now["from"] <= day <= now["last"]]
    path = before.files.get(table.name, {}).get(month) if set(wanted) - set(days) else None
    return Part(table, month, sql, lake.local(path) if path else None, tuple(days))


def publish(engine, lake: Lake, say: Say) -> Release:
    """Makes what is new, checks all of it, and only then moves the pointer."""
    source, before = lake.current(EXTRACTED), lake.current(TABLES)
    if not source.run:
        raise Fault("nothing was extracted yet: run the step extract first.")
    scratch = fresh_folder(lake.scratch / TABLES)
    made: dict[tuple[str, str], Path] = {}
    made_from: dict[tuple[str, str], str] = {}

    def newest(name: str, month: str | None) -> list[Path]:
        """Of a table's files (of one month): what this run made, else what the run before has."""
        if name in texts.SOURCES:
            held = source.files.get(name, {})
            return [lake.local(path) for key, path in sorted(held.items()) if month in (None, key) or key == WHOLE]
        keys = [WHOLE] if not texts.TABLES[name].by_month else source.months if month is None else [month]
        return [made[name, key] if (name, key) in made else lake.local(before.files[name][key]) for key in keys]

    def token(table: texts.Table, month: str | None) -> str:
        """Names what a file would be made from: the same token, the same bytes."""
        inputs = []
        for name in table.reads:
            if name in texts.SOURCES:
                held = source.files.get(name, {})
                inputs += [path.rsplit("/", 1)[-1] + key for key, path in sorted(held.items()) if month in (None, key) or key == WHOLE]
            else:
                inputs += [made_from[name, key] for key in sorted(key for known, key in made_from if known == name) if month in (None, key) or key == WHOLE]
        return f"{engine.name} {table.fingerprint} " + texts.hashlib.sha256("".join(inputs).encode()).hexdigest()[:16]

    for table in texts.in_order():
        months = source.months if table.by_month else [WHOLE]
        new = []
        for month in months:
            asked = None if month == WHOLE else month
            made_from[table.name, month] = token(table, asked)
            if before.made_from.get(table.name, {}).get(month) != made_from[table.name, month]:
                new.append(month)
        progress = Progress(say, f"make {table.name}", len(new))

        def make(month: str, table=table) -> None:
            target = scratch / f"{table.name}-{month}.parquet"
            asked = None if month == WHOLE else month
            engine.transform(table, {name: newest(name, asked) for name in table.reads}, target)

        at_once(2, make, new, progress.step)
        for month in new:
            made[table.name, month] = scratch / f"{table.name}-{month}.parquet"

    checks = run_checks(engine, source, {name: newest(name, None) for name in [*texts.SOURCES, *texts.TABLES]})
    for name, expected, found in checks:
        say(f"check: {'ok' if expected == found else 'NO'}  {name} ({expected:,}{'' if expected == found else f', found {found:,}'})")
    broken = [name for name, expected, found in checks if expected != found]
    if broken:
        raise Broken(len(broken), f"{len(broken)} of {len(checks)} checks failed ({'; '.join(broken)}): nothing was published, readers keep what they have. Run with --from {source.facts['from']} to read every day again.")
    for name in ("cafes", "dishes"):
        made[name, WHOLE], made_from[name, WHOLE] = lake.local(source.files[name][WHOLE]), source.files[name][WHOLE].rsplit("/", 1)[-1]
    facts = {**{name: source.facts[name] for name in ("from", "last", "as_of")}, "extracted_run": source.run, "checks": [dict(zip(("name", "expected", "found"), check)) for check in checks]}
    kept = {*texts.TABLES, "cafes", "dishes"}
    with told_plainly("publishing"):
        release = lake.publish(TABLES, before, made, made_from, lambda table, month: table in kept and (month == WHOLE or month in source.months), facts)
    say(f"publish: readers now take run {release.run}, {facts['from']} to {facts['last']}, as of {facts['as_of']}")
    return release


def run_checks(engine, source: Release, inputs: dict[str, list[Path]]) -> list[tuple[str, int, int]]:
    first, last = (datetime.date.fromisoformat(source.facts[name]) for name in ("from", "last"))
    sql = texts.CHECKS.format(days=(last - first).days + 1, last=(last - EPOCH).days)
    return [(name, int(expected), int(found)) for name, expected, found in engine.query(sql, inputs)]


def shape_of(tables: dict[str, texts.Table]) -> str:
    return texts.hashlib.sha256("".join(table.fingerprint for table in tables.values()).encode()).hexdigest()[:12]


def days_between(first: str, last: str) -> list[str]:
    start, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    return [str(start + DAY * number) for number in range((end - start).days + 1)]


def days_in(month: str) -> list[str]:
    start = datetime.date.fromisoformat(f"{month}-01")
    return [str(day) for day in (start + DAY * number for number in range(31)) if day.month == start.month]


def fresh_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder
