"""Tells Glue's catalogue which run Athena reads: each table's projected partition `run` has one value. One call a table, atomic by table."""

from lake import Lake
from steps import EXTRACTED, TABLES

PARAMETER = "projection.run.values"
#: What get_table returns and update_table refuses.
READ_ONLY = {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId", "FederatedTable", "IsMultiDialectView", "IsMaterializedView", "Status"}


def point_athena(lake: Lake, database: str, glue=None) -> list[str]:
    if glue is None:
        import boto3

        glue = boto3.client("glue")
    runs = {**dict.fromkeys(lake.current(EXTRACTED).files, lake.current(EXTRACTED).run), **dict.fromkeys(lake.current(TABLES).files, lake.current(TABLES).run)}
    moved = []
    for name, run in sorted(runs.items()):
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        if table.get("Parameters", {}).get(PARAMETER) == run:
            continue
        kept = {key: value for key, value in table.items() if key not in READ_ONLY}
        glue.update_table(DatabaseName=database, TableInput={**kept, "Parameters": {**table.get("Parameters", {}), PARAMETER: run}}, SkipArchive=True)
        moved.append(name)
    return moved
