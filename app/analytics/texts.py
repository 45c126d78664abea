"""The SQL texts and what their first lines say: one source for the jobs, the catalogue in stacks/ and the docs."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
HEAD = re.compile(r"^-- (?:(one row|kept by|reads|sorted by): (.+)|([a-z_0-9]+): (.+)|([a-z_0-9]+) (string|int|bigint|date|timestamp|boolean): (.+))$")


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Table:
    name: str
    meaning: str
    one_row: str
    by_month: bool
    reads: tuple[str, ...]
    sorted_by: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str
    #: Changes when the text changes, so that what it made before is made anew.
    fingerprint: str


def read_table(file: Path) -> Table:
    text = file.read_text("utf-8")
    notes: dict[str, str] = {}
    columns: list[Column] = []
    for line in text.splitlines():
        found = HEAD.match(line)
        if not found:
            continue
        note, value, name, meaning, column, kind, column_meaning = found.groups()
        if note:
            notes[note] = value
        elif name:
            notes["name"], notes["meaning"] = name, meaning
        else:
            columns.append(Column(column, kind, column_meaning))
    if notes.get("name") != file.stem:
        raise ValueError(f"{file} must begin with `-- {file.stem}: what it holds`")
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    words = lambda note: tuple(word.strip() for word in notes.get(note, "").split(",") if word.strip())  # noqa: E731
    return Table(
        name=file.stem,
        meaning=notes["meaning"],
        one_row=notes["one row"],
        by_month=notes["kept by"] == "month",
        reads=words("reads"),
        sorted_by=words("sorted by"),
        columns=tuple(columns),
        sql=sql,
        fingerprint=hashlib.sha256(text.encode()).hexdigest()[:12],
    )


def read_folder(name: str) -> dict[str, Table]:
    return {file.stem: read_table(file) for file in sorted((FOLDER / name).glob("*.sql"))}


#: What is read from PostgreSQL, in its dialect.
SOURCES = read_folder("extract")
#: What is made of it, in the SQL that Spark, DuckDB and Athena share.
TABLES = read_folder("sql")
CHECKS = "\n".join(line for line in (FOLDER / "checks.sql").read_text("utf-8").splitlines() if not line.startswith("--"))


def in_order() -> list[Table]:
    """The tables, each behind those that it reads."""
    done: list[Table] = []
    left = dict(TABLES)
    while left:
        ready = [table for table in left.values() if not any(name in left for name in table.reads)]
        if not ready:
            raise ValueError(f"these tables read each other in a circle: {', '.join(left)}")
        for table in ready:
            done.append(left.pop(table.name))
    return done
