"""Proves every addition twice: it works in the world, and moto alone still lacks it.

    python tests/run.py [word]      runs the gaps whose name holds the word

A test that passes against moto alone means that moto has closed the gap: delete the addition and the test.
"""

import importlib
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import boto3
from botocore.config import Config

FIRST_ACCOUNT = 100_000_000_000
HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
KEYS = {"aws_access_key_id": "rehearsal", "aws_secret_access_key": "rehearsal"}
# A function that runs starts Node: patience, for a machine that is busy.
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=300, s3={"addressing_style": "path"})


class World:
    """A running server, and clients of it."""

    def __init__(self, *arguments):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
        command = [sys.executable, str(HERE.parent / "world.py"), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.url = self.process.stdout.readline().removeprefix("WORLD ").strip()
        if not self.url:
            sys.exit(f"The world does not start; its last line says why: {self.process.stderr.read().strip().splitlines()[-1]}")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def clients_of(self, account):
        """A maker of clients of one account: a new account is empty, and far cheaper than a reset (1.5 s)."""

        def client(service, region="eu-north-1"):
            made = boto3.client(service, region_name=region, endpoint_url=self.url, verify=False, config=ONCE, **KEYS)
            made.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account))
            return made

        client.account, client.url = account, self.url
        return client

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def gaps(word):
    """Every function test_… of every file test_….py, as (name, function)."""
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, function in vars(module).items():
            title = f"{file.stem.removeprefix('test_')}: {name.removeprefix('test_').replace('_', ' ')}"
            if name.startswith("test_") and word in title:
                yield title, function


def problem_with(function, world, account):
    try:
        function(world.clients_of(account))
    except Exception as error:
        return error
    return None


def main(word=""):
    world, plain = World(), World("--plain")
    failed = passed = 0
    try:
        for number, (title, function) in enumerate(gaps(word)):
            account = f"{FIRST_ACCOUNT + number}"
            error, lacking = (problem_with(function, server, account) for server in (world, plain))
            if error:
                failed += 1
                print(f"FAIL  {title}")
                traceback.print_exception(error)
            elif lacking is None and getattr(function, "is_race", False):
                passed += 1
                print(f"ok    {title} (moto's own race was not seen this time)")
            elif lacking is None:
                failed += 1
                print(f"FAIL  {title}: moto has closed this gap. Delete the addition and its test.")
            else:
                passed += 1
                print(f"ok    {title}")
    finally:
        world.stop()
        plain.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
