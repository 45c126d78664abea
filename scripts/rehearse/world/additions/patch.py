"""Two ways to change moto: give a class what it lacks, or stand around what it has."""

import functools


def add(owner):
    """The decorated function becomes a method of owner, which must not have it yet."""

    def install(function):
        if hasattr(owner, function.__name__):
            raise RuntimeError(f"moto now has {owner.__name__}.{function.__name__}: delete the addition")
        setattr(owner, function.__name__, function)
        return function

    return install


def around(owner):
    """The decorated function stands in for owner's method of the same name and gets the original first."""

    def install(function):
        original = getattr(owner, function.__name__)

        @functools.wraps(original)
        def replacement(self, *args, **kwargs):
            return function(original, self, *args, **kwargs)

        setattr(owner, function.__name__, replacement)
        return function

    return install


def kept(backend, name):
    """A dictionary of ours inside a moto backend, so that moto's own reset empties it too."""
    return backend.__dict__.setdefault(f"world_{name}", {})
