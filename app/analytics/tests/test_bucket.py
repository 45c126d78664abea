"""The lake in a bucket, and Athena's pointer to it: against the stand-in for AWS that the rehearsal deploys into (moto)."""

import os
import uuid

import pytest

import catalogue
import steps
import texts
from conftest import KEY, Night, moment
from engines import DuckEngine
from faults import Fault
from lake import BucketStore, Lake
from pseudonyms import PseudonymKey

WORLD = os.environ.get("WORLD_URL")
REGION = "eu-north-1"
pytestmark = pytest.mark.skipif(not WORLD, reason="the lake in a bucket: the stand-in for AWS did not start")


class BucketNight(Night):
    """A new scratch folder for each step, as each Glue job has its own machine."""

    def __init__(self, folder, engine, bucket: str):
        super().__init__(folder, engine)
        self.bucket, self.jobs = bucket, 0

    @property
    def lake(self) -> Lake:
        self.jobs += 1
        scratch = self.folder / f"job-{self.jobs}"
        scratch.mkdir(parents=True)
        return Lake(BucketStore(self.bucket, "lake", WORLD), scratch)


@pytest.fixture()
def aws(monkeypatch):
    import boto3

    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    return lambda service: boto3.client(service, endpoint_url=WORLD)


@pytest.fixture()
def bucket(aws, tmp_path) -> BucketNight:
    name = f"campus-analytics-{uuid.uuid4().hex[:12]}"
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    engine_scratch = tmp_path / "bucket-engine"
    engine_scratch.mkdir()
    return BucketNight(tmp_path / "bucket", DuckEngine(engine_scratch, 500), name)


def week(campus) -> list[dict]:
    cafe = campus.open_cafe()
    return [campus.order(cafe, moment(f"2026-10-0{day} 12:30"), [(0, 2)], campus.join(), "wallet") for day in range(1, 8)]


def keys_of(aws, bucket: str, prefix: str) -> dict[str, bytes]:
    s3 = aws("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}


def test_a_bucket_holds_the_same_runs_and_the_same_bytes_as_a_folder(campus, duck, bucket, aws):
    orders = week(campus)
    for night in (duck, bucket):
        night.run(campus, "2026-10-01", "2026-10-06")
    first = bucket.lake.current(steps.TABLES).run
    campus.refund(orders[2], 900, moment("2026-10-05 10:00"))
    for night in (duck, bucket):
        night.run(campus, None, "2026-10-06")
    release = bucket.lake.current(steps.TABLES)
    assert release.run == duck.lake.current(steps.TABLES).run != first
    held = keys_of(aws, bucket.bucket, f"lake/tables/run={release.run}/")
    assert {key.removeprefix("lake/"): body for key, body in held.items()} == duck.bytes_by_name()
    # A reader that began with the run before still finds it.
    assert keys_of(aws, bucket.bucket, f"lake/tables/run={first}/")
    assert sum(row[-1] for row in bucket.rows("sales")) == campus.ledger_net("2026-10-01", "2026-10-06")


def test_runs_that_nobody_reads_any_more_leave_the_bucket(campus, bucket, aws):
    orders = week(campus)
    bucket.run(campus, "2026-10-01", "2026-10-06")
    first = bucket.lake.current(steps.TABLES).run
    for number in range(3):
        campus.refund(orders[number], 100 + number, moment("2026-10-06 10:00"))
        bucket.run(campus, None, "2026-10-06")
    runs = bucket.lake.store.folders(steps.TABLES)
    assert len(runs) == 3 and f"run={bucket.lake.current(steps.TABLES).run}" in runs
    assert keys_of(aws, bucket.bucket, f"lake/tables/run={first}/") == {}


def test_a_damaged_and_a_missing_object_are_one_line_and_the_pointer_stays(campus, bucket, aws):
    orders = week(campus)
    release = bucket.run(campus, "2026-10-01", "2026-10-06")
    path = bucket.lake.current(steps.EXTRACTED).files["money"]["2026-10"]
    body = keys_of(aws, bucket.bucket, f"lake/{path}")[f"lake/{path}"]
    campus.refund(orders[1], 300, moment("2026-10-05 09:00"))
    aws("s3").put_object(Bucket=bucket.bucket, Key=f"lake/{path}", Body=body[:-40] + b"\0" * 40)
    with pytest.raises(Fault, match="is damaged.*--from 2026-10-01"):
        bucket.run(campus, None, "2026-10-06")
    aws("s3").delete_object(Bucket=bucket.bucket, Key=f"lake/{path}")
    with pytest.raises(Fault, match="is missing from the lake.*--from 2026-10-01"):
        bucket.run(campus, None, "2026-10-06")
    assert bucket.lake.current(steps.TABLES).run == release.run
    bucket.run(campus, "2026-10-01", "2026-10-06")
    assert sum(row[-1] for row in bucket.rows("sales")) == campus.ledger_net("2026-10-01", "2026-10-06")


def test_athena_is_pointed_to_the_run_that_was_published_and_finds_its_files_there(campus, bucket, aws):
    week(campus)
    glue, database = aws("glue"), f"campus_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": database})
    areas = {name: steps.TABLES if name in texts.TABLES or name in ("cafes", "dishes") else steps.EXTRACTED for name in [*texts.TABLES, *texts.SOURCES]}
    for name, area in areas.items():
        # As stacks/analytics.ts declares it.
        month = "month=${month}/" if (texts.TABLES.get(name) or texts.SOURCES[name]).by_month else ""
        location = f"s3://{bucket.bucket}/lake/{area}/run=${{run}}/{name}/{month}"
        glue.create_table(DatabaseName=database, TableInput={"Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": [{"Name": "run", "Type": "string"}], "Parameters": {"projection.enabled": "true", catalogue.PARAMETER: "none", "storage.location.template": location}})
    bucket.run(campus, "2026-10-01", "2026-10-06")
    assert catalogue.point_athena(bucket.lake, database, glue) == sorted(areas)
    for name, area in areas.items():
        parameters = glue.get_table(DatabaseName=database, Name=name)["Table"]["Parameters"]
        assert parameters["projection.enabled"] == "true"
        place = parameters["storage.location.template"].replace("${run}", parameters[catalogue.PARAMETER])
        for month, path in bucket.lake.current(area).files[name].items():
            assert f"s3://{bucket.bucket}/lake/{path}".startswith(place.replace("${month}", month)), name
    # Nothing new: nothing is told. One café's refund: the tables that it changed move, all to one run.
    bucket.run(campus, None, "2026-10-06")
    assert catalogue.point_athena(bucket.lake, database, glue) == []
    bucket.run(campus, None, "2026-10-07")
    assert catalogue.point_athena(bucket.lake, database, glue) == sorted(areas)


def test_two_jobs_on_two_machines_share_nothing_but_the_bucket(campus, bucket):
    week(campus)
    lake = bucket.lake
    steps.extract(bucket.engine, lake, campus.address, PseudonymKey.of(KEY), "2026-10-01", "2026-10-06", bucket.lines.append)
    other = bucket.lake
    assert other.scratch != lake.scratch
    steps.publish(bucket.engine, other, bucket.lines.append)
    assert sum(row[-1] for row in bucket.rows("sales")) == campus.ledger_net("2026-10-01", "2026-10-06")
