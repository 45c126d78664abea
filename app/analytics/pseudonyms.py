"""Pseudonyms of students: HMAC-SHA-256 of the id under a key that can be erased. Whoever lacks the key cannot tell who it is."""

import hashlib
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class PseudonymKey:
    id: str
    inner: str
    outer: str

    @staticmethod
    def of(key: str) -> "PseudonymKey":
        if len(key) < 32:
            raise ValueError("the pseudonym key must have 32 characters or more")
        block = hashlib.sha256(key.encode()).digest().ljust(64, b"\0")
        return PseudonymKey(
            id=hashlib.sha256(b"name of " + key.encode()).hexdigest()[:8],
            inner=bytes(byte ^ 0x36 for byte in block).hex(),
            outer=bytes(byte ^ 0x5C for byte in block).hex(),
        )

    @staticmethod
    def new() -> str:
        return secrets.token_urlsafe(32)

    # The same arithmetic in both engines: no row goes through Python.
    def duckdb(self, column: str) -> str:
        inner = f"unhex(sha256(unhex('{self.inner}') || encode({column})))"
        return f"case when {column} is null then null else substr(sha256(unhex('{self.outer}') || {inner}), 1, 32) end"

    def spark(self, column: str) -> str:
        inner = f"unhex(sha2(concat(unhex('{self.inner}'), encode({column}, 'UTF-8')), 256))"
        return f"case when {column} is null then null else substr(sha2(concat(unhex('{self.outer}'), {inner}), 256), 1, 32) end"
