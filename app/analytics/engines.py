"""The two engines that run the SQL here: DuckDB and Spark. Each reads PostgreSQL in one exported snapshot and writes Parquet."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Semaphore
from typing import Callable, Iterable
from urllib.parse import urlsplit

from faults import Fault
from pseudonyms import PseudonymKey
from texts import Table

#: How psycopg, the JDBC driver and PostgreSQL itself say that the other end is no longer there.
GONE = ("invalid snapshot identifier", "could not import the requested snapshot", "terminating connection", "connection is closed", "closed the connection", "connection has been closed", "I/O error", "connection is lost", "EOF detected", "no connection to the server")

SNAPSHOT = "set transaction isolation level repeatable read read only; set transaction snapshot '{id}'"
FETCH_ROWS = 20_000
WRITE_BYTES = 1 << 20
#: Of each connection. A query keeps to its own process: the database's other processors are the payments'.
SETTINGS = {"timezone": "UTC", "jit": "off", "max_parallel_workers_per_gather": "0"}
ROW_GROUP = 122_880


#: Stands for {rest} in the texts of extract: after about a hundred rows, half a millisecond's work, the query sleeps for four.
REST = "(random() > 0.01 or pg_sleep(0.004) is not null)"


def queries_at_once(alone: bool) -> Semaphore:
    """One, where others pay from the same database: they keep its other processors."""
    return Semaphore(4 if alone else 1)


@dataclass(frozen=True)
class Address:
    """postgres://role@host:port/database, the password apart from it."""

    url: str
    password: str
    ca: str | None = None

    @property
    def parts(self) -> dict:
        found = urlsplit(self.url)
        if found.scheme not in ("postgres", "postgresql") or not found.hostname or not found.path.strip("/"):
            raise Fault(f"{self.url} is no address of a database: give postgres://campus_reports@HOST:5432/DATABASE")
        return {"host": found.hostname, "port": found.port or 5432, "user": found.username or "campus_reports", "dbname": found.path.strip("/")}


@dataclass(frozen=True)
class Part:
    """One table of one month, to be written as one file."""

    table: Table
    month: str
    #: What is asked of PostgreSQL; empty in a transformation.
    sql: str
    #: Rows of the month that did not change, kept from the file of the run before.
    old: Path | None
    changed_days: tuple[str, ...]


def sql_type(kind: str) -> str:
    return {"string": "varchar", "int": "integer"}.get(kind, kind)


class DuckEngine:
    name = "duckdb"

    def __init__(self, scratch: Path, memory_mb: int, alone: bool = False):
        self.scratch, self.memory_mb, self.alone, self.reading = scratch, memory_mb, alone, queries_at_once(alone)
        self.address: Address | None = None
        self.holder = None
        self.snapshot = ""

    def _connect(self):
        import duckdb

        connection = duckdb.connect()
        connection.execute(f"set memory_limit = '{self.memory_mb // 2}MB'; set threads = 2; set temp_directory = '{self.scratch}/spill'; set timezone = 'UTC'")
        return connection

    # -- PostgreSQL

    def _login(self, address: Address):
        import psycopg

        tls = {"sslmode": "verify-full", "sslrootcert": address.ca} if address.ca else {}
        try:
            return psycopg.connect(**address.parts, **tls, password=address.password, connect_timeout=10, application_name="campus-analytics", options=" ".join(f"-c {name}={value}" for name, value in SETTINGS.items()))
        except psycopg.OperationalError as error:
            raise Fault(f"the database {address.url} cannot be reached: {first_line(error)}") from None

    def log_in(self, address: Address) -> Callable[[str], None] | None:
        """Runs SQL on a connection of its own; None where the password does not open the door."""
        try:
            self._login(address).close()
        except Fault:
            return None

        def run(sql: str) -> None:
            with told_plainly("changing the password"), self._login(address) as connection:
                connection.autocommit = True
                for statement in sql.split("; "):
                    connection.execute(statement)

        return run

    def open(self, address: Address) -> str:
        self.address = address
        self.holder = self._login(address)
        self.holder.execute("set transaction isolation level repeatable read read only")
        self.snapshot = self.holder.execute("select pg_export_snapshot()").fetchone()[0]
        return self.snapshot

    def ask(self, sql: str) -> list[tuple]:
        with told_plainly("the database"):
            return self.holder.execute(sql).fetchall()

    def close(self) -> None:
        if self.holder:
            self.holder.close()
            self.holder = None

    def extract(self, part: Part, key: PseudonymKey, target: Path) -> None:
        """COPY to a private file, then Parquet, for which other parts do not wait."""
        rows = target.with_suffix(".csv")
        types = {column.name: "varchar" if column.name == "student" else sql_type(column.type) for column in part.table.columns}
        with told_plainly(f"reading {part.table.name} {part.month}"):
            with self.reading, self._login(self.address) as source, os.fdopen(os.open(rows, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=WRITE_BYTES) as file:
                source.execute(SNAPSHOT.format(id=self.snapshot))
                copy_out(source, f"copy (select {', '.join(types)} from ({part.sql}) q) to stdout (format csv)", file)
            connection = self._connect()
            columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
            picked = ", ".join(self._column(name, key) for name in types)
            new = f"select {picked} from read_csv('{rows}', columns = {{{columns}}}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '')"
            self._write(connection, self._with_old(part, new, types), part.table, target)
            connection.close()
        rows.unlink()

    def _column(self, name: str, key: PseudonymKey) -> str:
        if name == "student":
            return f"{key.duckdb('student')} as student"
        return f"case when student is null then null else '{key.id}' end as student_key" if name == "student_key" else name

    def _with_old(self, part: Part, new: str, names: Iterable[str]) -> str:
        if part.old is None:
            return new
        days = ", ".join(f"date '{day}'" for day in part.changed_days)
        return f"{new} union all select {', '.join(names)} from read_parquet('{part.old}') where business_day not in ({days})"

    # -- Parquet

    def transform(self, table: Table, inputs: dict[str, list[Path]], target: Path) -> None:
        with told_plainly(f"making {table.name}"):
            connection = self._connect()
            self._views(connection, inputs)
            self._write(connection, table.sql, table, target)
            connection.close()

    def query(self, sql: str, inputs: dict[str, list[Path]]) -> list[tuple]:
        with told_plainly("asking the tables"):
            connection = self._connect()
            self._views(connection, inputs)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()

    def _views(self, connection, inputs: dict[str, list[Path]]) -> None:
        for name, files in inputs.items():
            connection.execute(f"create view {name} as select * from read_parquet([{', '.join(f'{str(file)!r}' for file in files)}], hive_partitioning = false)")

    def _write(self, connection, sql: str, table: Table, target: Path) -> None:
        columns = ", ".join(f"cast({column.name} as {sql_type(column.type)}) as {column.name}" for column in table.columns)
        order = ", ".join(f"{name} nulls first" for name in table.sorted_by)
        connection.execute(f"copy (select {columns} from ({sql}) q order by {order}) to '{target}' (format parquet, compression snappy, row_group_size {ROW_GROUP})")

    def peak_kb(self) -> int:
        return 0

    def stop(self) -> None:
        self.close()


class SparkEngine:
    name = "spark"

    def __init__(self, scratch: Path, memory_mb: int, driver_jar: str | None = None, session=None, alone: bool = False):
        from pyspark.sql import SparkSession

        self.scratch, self.alone, self.reading = scratch, alone, queries_at_once(alone)
        if session is None:
            builder = SparkSession.builder.appName("campus-analytics").master("local[2]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
            builder = builder.config("spark.driver.memory", f"{memory_mb}m").config("spark.local.dir", str(scratch / "spark"))
            builder = builder.config("spark.driver.extraJavaOptions", "-Dlog4j2.level=error -XX:+UseSerialGC -Duser.timezone=UTC")
            if driver_jar:
                builder = builder.config("spark.jars", driver_jar).config("spark.driver.extraClassPath", driver_jar)
            session = builder.config("spark.sql.shuffle.partitions", "4").config("spark.log.level", "ERROR").getOrCreate()
        self.spark = session
        self.spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        self.spark.conf.set("spark.sql.session.timeZone", "UTC")
        self.spark.conf.set("spark.sql.adaptive.enabled", "false")
        self.address: Address | None = None
        self.holder = None
        self.snapshot = ""

    def _url(self) -> str:
        parts = self.address.parts
        tls = f"&sslmode=verify-full&sslrootcert={self.address.ca}" if self.address.ca else ""
        settings = "%20".join(f"-c%20{name}={value}" for name, value in SETTINGS.items())
        return f"jdbc:postgresql://{parts['host']}:{parts['port']}/{parts['dbname']}?ApplicationName=campus-analytics&options={settings}{tls}"

    def _login(self, address: Address):
        self.address = address
        jvm = self.spark._jvm
        properties = jvm.java.util.Properties()
        properties.setProperty("user", address.parts["user"])
        properties.setProperty("password", address.password)
        return jvm.org.postgresql.Driver().connect(self._url(), properties)

    def log_in(self, address: Address) -> Callable[[str], None] | None:
        try:
            self._login(address).close()
        except Exception as error:  # noqa: BLE001 py4j's own kind
            if "password authentication failed" in str(error):
                return None
            raise Fault(f"the database {address.url} cannot be reached: {first_line(error)}") from None

        def run(sql: str) -> None:
            with told_plainly("changing the password"):
                connection = self._login(address)
                try:
                    statement = connection.createStatement()
                    for each in sql.split("; "):
                        statement.execute(each)
                finally:
                    connection.close()

        return run

    def open(self, address: Address) -> str:
        with told_plainly(f"the database {address.url}"):
            self.holder = self._login(address)
            self.holder.setAutoCommit(False)
            statement = self.holder.createStatement()
            statement.execute("set transaction isolation level repeatable read read only")
            found = statement.executeQuery("select pg_export_snapshot()")
            found.next()
            self.snapshot = found.getString(1)
        return self.snapshot

    def _read(self, sql: str):
        return (
            self.spark.read.format("jdbc")
            .options(url=self._url(), user=self.address.parts["user"], password=self.address.password, driver="org.postgresql.Driver")
            .options(fetchsize=str(FETCH_ROWS), sessionInitStatement=SNAPSHOT.format(id=self.snapshot), dbtable=f"({sql}) q")
            .load()
        )

    def ask(self, sql: str) -> list[tuple]:
        with told_plainly("the database"):
            return [tuple(row) for row in self._read(sql).collect()]

    def close(self) -> None:
        if self.holder:
            try:
                self.holder.close()
            except Exception:  # noqa: BLE001 the server may have gone first
                pass
            self.holder = None

    def extract(self, part: Part, key: PseudonymKey, target: Path) -> None:
        with self.reading, told_plainly(f"reading {part.table.name} {part.month}"):
            names = [column.name for column in part.table.columns]
            new = self._read(part.sql).selectExpr(*(self._column(name, key) for name in names))
            if part.old is not None:
                days = ", ".join(f"date '{day}'" for day in part.changed_days)
                new = new.unionByName(self.spark.read.parquet(str(part.old)).where(f"business_day not in ({days})").select(*names))
            self._write(new, part.table, target)

    def _column(self, name: str, key: PseudonymKey) -> str:
        if name == "student":
            return f"{key.spark('student')} as student"
        return f"case when student is null then null else '{key.id}' end as student_key" if name == "student_key" else name

    def transform(self, table: Table, inputs: dict[str, list[Path]], target: Path) -> None:
        with told_plainly(f"making {table.name}"):
            self._write(self._session(inputs).sql(table.sql), table, target)

    def query(self, sql: str, inputs: dict[str, list[Path]]) -> list[tuple]:
        with told_plainly("asking the tables"):
            return [tuple(row) for row in self._session(inputs).sql(sql).collect()]

    def _session(self, inputs: dict[str, list[Path]]):
        """A session of its own, since two parts at once name different months by the same table."""
        session = self.spark.newSession()
        for name in ("spark.sql.parquet.outputTimestampType", "spark.sql.session.timeZone", "spark.sql.adaptive.enabled"):
            session.conf.set(name, self.spark.conf.get(name))
        for name, files in inputs.items():
            session.read.parquet(*(str(file) for file in files)).createOrReplaceTempView(name)
        return session

    def _write(self, frame, table: Table, target: Path) -> None:
        """One sorted file; Spark puts it into a folder of its own, under a name that no run has twice."""
        folder = target.with_suffix(".spark")
        kinds = {column.name: sql_type(column.type).replace("varchar", "string").replace("timestamp", "timestamp_ntz") for column in table.columns}
        (
            frame.selectExpr(*(f"cast({name} as {kind}) as {name}" for name, kind in kinds.items()))
            .coalesce(1)
            .sortWithinPartitions(*table.sorted_by)
            .write.mode("overwrite")
            .option("compression", "snappy")
            .parquet(str(folder))
        )
        (part,) = folder.glob("part-*.parquet")
        part.replace(target)
        shutil.rmtree(folder)

    def peak_kb(self) -> int:
        """Of the JVM, as Linux counted it; 0 elsewhere."""
        return peak_of(self.spark._jvm.java.lang.ProcessHandle.current().pid())

    def stop(self) -> None:
        self.close()
        self.spark.stop()


def peak_of(process: int | str) -> int:
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)


def copy_out(source, sql: str, file) -> None:
    """psycopg's own copy() waits anew for every row, and its threads then wait for one another; libpq's call below it does not."""
    import psycopg
    from psycopg import pq

    raw = source.pgconn
    answer = raw.exec_(sql.encode())
    if answer.status == pq.ExecStatus.COPY_OUT:
        while (block := raw.get_copy_data(0))[0] > 0:
            file.write(block[1])
        while further := raw.get_result():
            answer = further
    if answer.status != pq.ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(answer)


def first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if "ERROR:" in line or "FATAL:" in line or "No space left" in line), lines[0] if lines else type(error).__name__)
    return told[:300]


class told_plainly:
    """What psycopg, DuckDB, the JVM and the disk say becomes one line that says what was going on."""

    def __init__(self, what: str):
        self.what = what

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        if error is None or isinstance(error, (Fault, KeyboardInterrupt, SystemExit)) or not isinstance(error, Exception):
            return False
        told = first_line(error)
        whole = str(error)
        if "No space left" in whole or "disk is full" in whole.lower():
            raise Fault(f"{self.what}: the disk is full ({told}): free some space and run again; nothing was published.") from None
        if "does not exist" in whole and "column" in whole:
            raise Fault(f"{self.what}: {told}: a migration changed what the jobs read; mend app/analytics/extract and its grant together.") from None
        if any(sign in whole for sign in GONE) or ("snapshot" in whole and "does not exist" in whole):
            raise Fault(f"{self.what}: the database went away in the middle ({told}): run again; nothing was published.") from None
        raise Fault(f"{self.what}: {told}") from None


def at_once(count: int, work: Callable, jobs: Iterable, done: Callable[[object], None]) -> None:
    """Runs the jobs, so many at once; the first fault ends the rest."""
    lock = Lock()
    with ThreadPoolExecutor(count) as pool:
        def one(job):
            work(job)
            with lock:
                done(job)

        futures = [pool.submit(one, job) for job in jobs]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
