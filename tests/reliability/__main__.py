"""Run one promise in its full form, on a PostgreSQL that is started for it and gone afterwards.

``python -m tests.reliability [NAME [ARGUMENT ...]]``: all, or one. NAME is a module here with ``main(arguments) -> int``, which is called with
Django set up on an empty, migrated database. Processes that it starts find that database through the environment.
"""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tests.postgres import ScratchPostgres


def main() -> int:
    """The exit code of the promise: 0 when it held."""
    names = sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if not path.stem.startswith("_") and path.stem != "apart"
    )
    if len(sys.argv) < 2:
        return max(subprocess.call([sys.executable, "-m", "tests.reliability", name]) for name in names)
    if sys.argv[1] not in names:
        print("usage: python -m tests.reliability NAME, with NAME one of: " + ", ".join(names), file=sys.stderr)
        return 2
    with ScratchPostgres(durable=True) as server:
        os.environ["SCHOOLGATE_DATABASE_URL"] = server.create("schoolgate")
        os.environ["DJANGO_SETTINGS_MODULE"] = "schoolgate.config.settings.test"
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        try:
            code: int = import_module(f"tests.reliability.{sys.argv[1]}").main(sys.argv[2:])
        finally:
            connections.close_all()
    return code


if __name__ == "__main__":
    sys.exit(main())
