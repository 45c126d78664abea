"""Files of the lake: in a folder here, in a bucket on AWS. Files are never changed, only a pointer moves.

<root>/<area>/run=<id>/<table>/month=<YYYY-MM>/part-00000-<sha12>.parquet     (a whole table: no month)
<root>/<area>/current.json                                                      names the run that readers take
<root>/staging/                                                                 what is being written; nobody reads it
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from faults import Fault

RUNS_KEPT = 3
WHOLE = "all"


def hash_of(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]


class FolderStore:
    def __init__(self, root: Path):
        self.root = root

    def read(self, key: str) -> bytes | None:
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Whole or not at all: a reader never sees half a pointer."""
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.chmod(opened.name, 0o644)
        os.replace(opened.name, target)

    def put(self, file: Path, key: str) -> None:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".new-{target.name}")
        shutil.copyfile(file, temporary)
        os.replace(temporary, target)

    def copy(self, source: str, key: str) -> None:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(self.root / source, target)

    def has(self, key: str) -> bool:
        return (self.root / key).exists()

    def fetch(self, key: str, scratch: Path) -> Path:
        return self.root / key

    def folders(self, prefix: str) -> list[str]:
        folder = self.root / prefix
        return sorted(child.name for child in folder.iterdir() if child.is_dir()) if folder.exists() else []

    def remove(self, prefix: str) -> None:
        shutil.rmtree(self.root / prefix, ignore_errors=True)


class BucketStore:
    """The same on S3. One PUT of one object is atomic there; a copy never leaves S3."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None = None):
        import boto3

        self.bucket, self.prefix = bucket, prefix.strip("/")
        self.s3 = boto3.client("s3", endpoint_url=endpoint)

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def read(self, key: str) -> bytes | None:
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=self._key(key))["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def write(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=self._key(key), Body=content)

    def put(self, file: Path, key: str) -> None:
        self.s3.upload_file(str(file), self.bucket, self._key(key))

    def copy(self, source: str, key: str) -> None:
        self.s3.copy_object(Bucket=self.bucket, Key=self._key(key), CopySource={"Bucket": self.bucket, "Key": self._key(source)})

    def has(self, key: str) -> bool:
        return self.s3.list_objects_v2(Bucket=self.bucket, Prefix=self._key(key), MaxKeys=1).get("KeyCount", 0) > 0

    def fetch(self, key: str, scratch: Path) -> Path:
        target = scratch / "fetched" / key
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.s3.download_file(self.bucket, self._key(key), str(target))
            except self.s3.exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") not in ("404", "NoSuchKey"):
                    raise
        return target

    def _keys(self, prefix: str):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(prefix)):
            yield from (each["Key"] for each in page.get("Contents", []))

    def folders(self, prefix: str) -> list[str]:
        start = self._key(prefix).rstrip("/") + "/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start, Delimiter="/")
        return sorted(each["Prefix"][len(start) : -1] for page in pages for each in page.get("CommonPrefixes", []))

    def remove(self, prefix: str) -> None:
        keys = list(self._keys(prefix.rstrip("/") + "/"))
        for first in range(0, len(keys), 1000):
            self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys[first : first + 1000]]})


@dataclass
class Release:
    """What a pointer names: a file for each table and month, and what was known when it was made."""

    run: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    #: For each file, what it was made from: the same again is not made again.
    made_from: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def paths(self, table: str) -> list[str]:
        return [path for _, path in sorted(self.files.get(table, {}).items())]

    @property
    def months(self) -> list[str]:
        return sorted({month for months in self.files.values() for month in months if month != WHOLE})


class Lake:
    def __init__(self, store: FolderStore | BucketStore, scratch: Path):
        self.store, self.scratch = store, scratch
        self.ready: dict[tuple[str, str], Path] = {}

    def current(self, area: str) -> Release:
        text = self.store.read(f"{area}/current.json")
        if text is None:
            return Release()
        try:
            found = json.loads(text)
            return Release(found["run"], found["files"], found["made_from"], found["facts"])
        except (ValueError, KeyError, TypeError):
            raise Fault(f"{area}/current.json is no pointer any more: remove it and run with --from the first day, everything is made anew.") from None

    def local(self, path: str) -> Path:
        """A file of the lake on this machine, its bytes held against its name."""
        file = self.store.fetch(path, self.scratch)
        wanted = path.rsplit("-", 1)[-1].removesuffix(".parquet")
        if not file.exists():
            raise missing(path)
        if hash_of(file) != wanted:
            raise Fault(f"{path} is damaged, its bytes are not those of its name: run with --from {first_day_in(path)}, its month is read again.")
        return file

    def publish(self, area: str, before: Release, made: dict[tuple[str, str], Path], made_from: dict[tuple[str, str], str], keep, facts: dict) -> Release:
        """Puts a run together (new files from `made`, the others copied from the run before) and then moves the pointer to it."""
        names: dict[tuple[str, str], str] = {key: f"part-00000-{hash_of(file)}.parquet" for key, file in made.items()}
        old = {(table, month): path for table, months in before.files.items() for month, path in months.items() if keep(table, month) and (table, month) not in made}
        names |= {key: path.rsplit("/", 1)[-1] for key, path in old.items()}
        run = hashlib.sha256(json.dumps(sorted([*key, name] for key, name in names.items())).encode()).hexdigest()[:12]
        release = Release(run=run, facts=facts)
        for (table, month), name in sorted(names.items()):
            path = f"{area}/run={run}/{table}/{'' if month == WHOLE else f'month={month}/'}{name}"
            if run != before.run or not self.store.has(path):
                if (table, month) in made:
                    self.store.put(made[table, month], path)
                elif self.store.has(old[table, month]):
                    self.store.copy(old[table, month], path)
                else:
                    raise missing(old[table, month])
            release.files.setdefault(table, {})[month] = path
            release.made_from.setdefault(table, {})[month] = made_from.get((table, month)) or before.made_from.get(table, {}).get(month, "")
        self.point(area, release)
        self.forget_old_runs(area, release.run, before.run)
        return release

    def point(self, area: str, release: Release) -> None:
        content = {"run": release.run, "facts": release.facts, "files": release.files, "made_from": release.made_from}
        self.store.write(f"{area}/current.json", (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())

    def forget_old_runs(self, area: str, *kept: str) -> None:
        """Readers that are at work still find the files of the runs before; older ones go, and so does what a killed run left."""
        known = [run for run in json.loads(self.store.read(f"{area}/runs.json") or b"[]") if run not in kept]
        recent = [*known, *(run for run in reversed(kept) if run)][-RUNS_KEPT:]
        self.store.write(f"{area}/runs.json", json.dumps(recent).encode())
        for folder in self.store.folders(area):
            if folder.removeprefix("run=") not in recent:
                self.store.remove(f"{area}/{folder}")


def missing(path: str) -> Fault:
    return Fault(f"{path} is missing from the lake: run with --from {first_day_in(path)}, its month is read again.")


def first_day_in(path: str) -> str:
    for part in path.split("/"):
        if part.startswith("month="):
            return f"{part.removeprefix('month=')}-01"
    return "the first day"
