"""The collector of garbage, kept from looking again and again at what is not garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ROOM = 200_000


@contextmanager
def few_collections() -> Iterator[None]:
    """While hundreds of thousands of small objects are made that all stay: it looks after so many, and not after 700."""
    before = gc.get_threshold()
    gc.set_threshold(max(_ROOM, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
