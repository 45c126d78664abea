"""Every addition to moto: one file a service, one block a gap. Importing a module installs it."""

from importlib import import_module
from pathlib import Path


def install():
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in ("__init__", "patch"):
            import_module(f"additions.{file.stem}")
