"""Logs for machines: one JSON object a line, without personal data.

What makes a line: the event (a fixed text), where it came from, and the extra fields that the code gave by name. What is
kept out: the text of exceptions (a database names the row's values in it; only the type and the places are written),
query strings, and anything that looks like an e-mail address or an access key.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"',;)]+")
_KEY = re.compile(r"\b[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}\b")
_QUERY = re.compile(r"\?\S*")
_CALLER = re.compile(r"\bip=\S+")  # As gunicorn says whose request it couldn't read.
_FRAGMENT = re.compile(r"#[a-z]=\S*")  # Where our links carry their secret.
# What every record has; the rest was given with extra=.
_ALWAYS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = (bool, int, float, type(None))


def without_secrets(text: str) -> str:
    """The text with keys, and what links carry in their fragment, taken out."""
    return _KEY.sub("[key]", _FRAGMENT.sub("#…", text))


def without_personal_data(text: str) -> str:
    """The text with addresses, the caller's too, keys, and the queries and fragments of links taken out."""
    return without_secrets(_CALLER.sub("ip=[address]", _ADDRESS.sub("[address]", _QUERY.sub("?…", text))))


class JsonFormatter(logging.Formatter):
    """{"at", "level", "logger", "event", … extra fields, "fault": {"type", "places"}}"""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": without_personal_data(record.getMessage()),
        }
        for name, value in vars(record).items():
            # Objects that Django hangs on (the request) would print people.
            if name not in _ALWAYS and isinstance(value, (*_PLAIN, str)):
                line[name] = without_personal_data(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            line["fault"] = {
                "type": record.exc_info[0].__qualname__,
                "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        return json.dumps(line, ensure_ascii=False)
