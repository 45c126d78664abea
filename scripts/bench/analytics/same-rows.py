"""Holds the published tables of two lakes against each other, row by row: prints a line of JSON, {table: rows that only one of them has}."""

import json
import sys
from pathlib import Path

import duckdb


def files(lake: Path) -> dict[str, list[str]]:
    tables = json.loads((lake / "tables/current.json").read_text())["files"]
    return {name: [str(lake / path) for path in months.values()] for name, months in tables.items()}


one, other = (files(Path(lake)) for lake in sys.argv[1:3])
read = "select * from read_parquet({}, hive_partitioning = false)"
differences = {}
for name in sorted({*one, *other}):
    left, right = (read.format(held.get(name, [])) for held in (one, other))
    ((differences[name],),) = duckdb.sql(f"select count(*) from (({left} except all {right}) union all ({right} except all {left}))").fetchall()
print(json.dumps(differences))
