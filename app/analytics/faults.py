"""One clear line instead of a stack trace."""


class Fault(Exception):
    """What went wrong, why, and how to mend it. `main` prints it and ends with 1; nothing half-written is published."""


class Broken(Fault):
    """Checks that failed: the night's tables are not the ledger's."""

    def __init__(self, checks: int, line: str):
        super().__init__(line)
        self.checks = checks
