"""The wish that this process ends: heard between the chunks of a job, so that whoever carries on need not wait for a lease."""

import signal
from threading import Event
from types import FrameType

asked = Event()


def stop_at_signals() -> None:
    """SIGTERM, SIGINT and a closed terminal ask for an end; a second one ends at once."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _ask)


def _ask(number: int, frame: FrameType | None) -> None:
    if asked.is_set():
        raise SystemExit(128 + number)
    asked.set()
