"""The nightly jobs: what sold, when, and is it true. On AWS Glue, and here by `npm run analytics`."""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

#: On Glue the script lies alone; what it imports lies beside the working directory as one archive.
BUNDLE = Path("analytics.zip")
HOME = Path(__file__).parent
if BUNDLE.exists():
    HOME = Path(tempfile.mkdtemp(prefix="campus-analytics-code-"))
    zipfile.ZipFile(BUNDLE).extractall(HOME)
sys.path.insert(0, str(HOME))

from faults import Broken, Fault  # noqa: E402

EXIT_FAILED, EXIT_MISSING = 1, 3


def bundled(name: str) -> str | None:
    return str(HOME / name) if (HOME / name).exists() else None


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="analytics", description=__doc__, allow_abbrev=False)
    parser.add_argument("--step", choices=("all", "extract", "publish"), default="all", help="extract reads PostgreSQL; publish makes, checks and publishes the tables")
    parser.add_argument("--engine", choices=("duckdb", "spark"), default="spark")
    parser.add_argument("--lake", required=True, help="a folder, or s3://BUCKET/PREFIX")
    parser.add_argument("--from", dest="first", metavar="DAY", help="read every day from this one again (YYYY-MM-DD)")
    parser.add_argument("--day", dest="last", metavar="DAY", help="the last business day to read; without it yesterday")
    parser.add_argument("--database", metavar="URL", default=os.environ.get("ANALYTICS_DATABASE_URL"), help="postgres://campus_reports@HOST/DATABASE; its password in ANALYTICS_DATABASE_PASSWORD")
    parser.add_argument("--database-ca", metavar="FILE", default=os.environ.get("ANALYTICS_DATABASE_CA") or bundled("rds-ca.pem"), help="certificates to know the server by; with it TLS is verified in full")
    parser.add_argument("--secret", metavar="ID", help="Secrets Manager: {username, password} of the database and, made at the first run, pseudonym_key")
    parser.add_argument("--catalog", metavar="DATABASE", help="Glue's catalogue: tells Athena which run to read")
    parser.add_argument("--metrics", metavar="ENVIRONMENT", help="tells CloudWatch (namespace CampusPay) that tables were published, or that checks failed")
    parser.add_argument("--driver", metavar="JAR", help="PostgreSQL's JDBC driver, where Spark has none of its own")
    parser.add_argument("--memory-mb", type=int, default=1100, help="what the engine may take")
    parser.add_argument("--alone", action="store_true", help="nobody pays from the database meanwhile: several queries at once, and none rests")
    # Glue hands its own arguments to the script too.
    known, unknown = parser.parse_known_args(arguments)
    if unknown and "--JOB_NAME" not in unknown:
        parser.error(f"unknown option {unknown[0]}")
    return known


def say(line: str) -> None:
    print(line, flush=True)


def open_lake(where: str, scratch: Path):
    from lake import BucketStore, FolderStore, Lake

    if not where.startswith("s3://"):
        return Lake(FolderStore(Path(where)), scratch)
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    return Lake(BucketStore(bucket, prefix, os.environ.get("ANALYTICS_S3_ENDPOINT")), scratch)


def open_engine(chosen: argparse.Namespace, scratch: Path):
    from engines import DuckEngine, SparkEngine

    try:
        if chosen.engine == "duckdb":
            import duckdb  # noqa: F401

            return DuckEngine(scratch, chosen.memory_mb, chosen.alone)
        return SparkEngine(scratch, chosen.memory_mb, chosen.driver, alone=chosen.alone)
    except ImportError as error:
        say(f"analytics: {error.name} is not installed: run it by `npm run analytics`, which installs what it needs.")
        sys.exit(EXIT_MISSING)


def credentials(chosen: argparse.Namespace) -> tuple[str, str]:
    """The database's password and the key of the pseudonyms."""
    if not chosen.secret:
        password, key = os.environ.get("ANALYTICS_DATABASE_PASSWORD"), os.environ.get("ANALYTICS_PSEUDONYM_KEY")
        if password is None or key is None:
            raise Fault("ANALYTICS_DATABASE_PASSWORD and ANALYTICS_PSEUDONYM_KEY are not set: `npm run analytics` sets both.")
        return password, key
    import vault

    return vault.credentials(chosen.secret)


def tell(environment: str | None, metric: str, value: int) -> None:
    """What the alarms analytics-late and analytics-checks-failed listen to."""
    if not environment:
        return
    import boto3

    data = {"MetricName": metric, "Value": value, "Unit": "Count", "Dimensions": [{"Name": "environment", "Value": environment}]}
    boto3.client("cloudwatch").put_metric_data(Namespace="CampusPay", MetricData=[data])


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    started = time.monotonic()
    engine = None
    try:
        with tempfile.TemporaryDirectory(prefix="campus-analytics-", dir=os.environ.get("ANALYTICS_SCRATCH")) as folder:
            scratch = Path(folder)
            import steps
            from engines import Address
            from pseudonyms import PseudonymKey

            lake = open_lake(chosen.lake, scratch)
            engine = open_engine(chosen, scratch)
            if chosen.step in ("all", "extract"):
                if not chosen.database:
                    raise Fault("no database: give --database postgres://campus_reports@HOST:5432/DATABASE.")
                if chosen.secret:
                    import vault

                    if vault.rotate(chosen.secret, lambda password: engine.log_in(Address(chosen.database, password, chosen.database_ca))):
                        say("extract: the role has a new password")
                password, key = credentials(chosen)
                steps.extract(engine, lake, Address(chosen.database, password, chosen.database_ca), PseudonymKey.of(key), chosen.first, chosen.last, say)
            if chosen.step in ("all", "publish"):
                steps.publish(engine, lake, say)
                if chosen.catalog:
                    from catalogue import point_athena

                    say(f"athena: {len(point_athena(lake, chosen.catalog))} tables moved to their new run")
            if chosen.step in ("all", "publish"):
                tell(chosen.metrics, "AnalyticsPublished", 1)
            used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + engine.peak_kb()
            say(json.dumps({"event": "analytics", "step": chosen.step, "engine": chosen.engine, "seconds": round(time.monotonic() - started, 1), "peak_mb": used // 1024}))
            return 0
    except Broken as broken:
        tell(chosen.metrics, "AnalyticsChecksFailed", broken.checks)
        print(f"analytics: {broken}", file=sys.stderr, flush=True)
        return EXIT_FAILED
    except Fault as fault:
        print(f"analytics: {fault}", file=sys.stderr, flush=True)
        return EXIT_FAILED
    except OSError as error:
        print(f"analytics: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}: nothing was published.", file=sys.stderr, flush=True)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("analytics: stopped; nothing was published.", file=sys.stderr, flush=True)
        return 130
    finally:
        if engine:
            engine.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
