"""One clear line instead of a stack trace."""


class Fault(Exception):
    """What went wrong, why, and how to mend it. `main` prints it and ends with 1; nothing half-written is published."""
