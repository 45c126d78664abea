"""The secret of the jobs in Secrets Manager: {username, password, pseudonym_key}, and the change of the password by its own user."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta, timezone

from faults import Fault
from pseudonyms import PseudonymKey

ROTATE_AFTER = timedelta(days=30)
ROUNDS = 4096


def client():
    import boto3

    return boto3.client("secretsmanager")


def credentials(secret: str, manager=None) -> tuple[str, str]:
    """The password and the key of the pseudonyms, which is made at the first run. Erase the key there: the next run makes another."""
    manager = manager or client()
    kept = read(manager, secret, "AWSCURRENT")
    if not kept or "password" not in kept:
        raise Fault(f"the secret {secret} has no password yet: docs/analytics.md says how the role gets its first one.")
    if "pseudonym_key" not in kept:
        kept["pseudonym_key"] = PseudonymKey.new()
        manager.put_secret_value(SecretId=secret, SecretString=json.dumps(kept))
    return kept["password"], kept["pseudonym_key"]


def rotate(secret: str, log_in, manager=None, now: datetime | None = None) -> bool:
    """
    Gives the role a new password when the old one is 30 days old. `log_in(password)` opens a connection or returns None, and runs SQL.
    Written as pending before the database hears of it: killed anywhere, the next run finds the one that opens the door.
    """
    manager, now = manager or client(), now or datetime.now(timezone.utc)
    current, pending = read(manager, secret, "AWSCURRENT"), read(manager, secret, "AWSPENDING")
    if pending and pending["password"] != current["password"] and log_in(pending["password"]):
        promote(manager, secret)
        return True
    changed = datetime.fromisoformat(current.get("changed_at", "2000-01-01T00:00:00+00:00"))
    if now - changed < ROTATE_AFTER:
        return False
    connection = log_in(current["password"])
    if not connection:
        raise Fault(f"the password in {secret} does not open the database: set it anew as docs/analytics.md says.")
    new = {**current, "password": secrets.token_urlsafe(32), "changed_at": now.isoformat()}
    manager.put_secret_value(SecretId=secret, SecretString=json.dumps(new), VersionStages=["AWSPENDING"])
    # A role may change its own password. The server gets what it stores, never the password, so no log can hold it.
    connection(f"set default_transaction_read_only = off; alter role campus_reports password '{scram(new['password'])}'")
    promote(manager, secret)
    return True


def read(manager, secret: str, stage: str) -> dict | None:
    try:
        return json.loads(manager.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"])
    except manager.exceptions.ResourceNotFoundException:
        return None


def promote(manager, secret: str) -> None:
    stages = manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
    holder = {stage: version for version, held in stages.items() for stage in held}
    manager.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=holder["AWSPENDING"], RemoveFromVersionId=holder["AWSCURRENT"])


def scram(password: str) -> str:
    """SCRAM-SHA-256 as PostgreSQL stores it (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")
    text = lambda value: base64.b64encode(value).decode()  # noqa: E731
    return f"SCRAM-SHA-256${ROUNDS}:{text(salt)}${text(stored)}:{text(server)}"
