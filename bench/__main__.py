"""``make bench``: what the project promises about speed, each figure beside its yardstick, measured in one run.

    make bench                       all of it
    make bench BENCH="generate"      some of it (the names below; what they build on runs too)
    make bench BENCH="--small"       a tenth of the size, to see whether it runs at all

A figure that misses its goal is printed as such, and the command ends with 1.
"""

import argparse
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from schoolgate.lib.keyfile import as_text, new_secrets
from tests.postgres import ScratchPostgres

MEASURES = [
    *("imports", "sync", "generate", "by_school", "grid", "dashboard", "letters", "redeem", "registration_search"),
]
# What a school's database would be given on a machine of this size; the yardsticks run on the same.
SERVER = {"shared_buffers": "512MB", "max_wal_size": "8GB", "work_mem": "32MB", "checkpoint_timeout": "30min"}


def main() -> int:
    """Run the measures that were asked for, in an order in which each finds what it builds on."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], metavar="NAME", help=" ".join(MEASURES))
    parser.add_argument("--small", action="store_true", help="a tenth of the size")
    arguments = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="schoolgate-bench-") as folder,
        ScratchPostgres(durable=True, **SERVER) as server,
    ):
        os.environ["SCHOOLGATE_DATA_DIR"] = folder
        os.environ["SCHOOLGATE_DATABASE_URL"] = server.create("bench")
        os.environ["SCHOOLGATE_SECRETS"] = as_text(new_secrets())
        os.environ["SCHOOLGATE_LOG_LEVEL"] = "error"
        os.environ["DJANGO_SETTINGS_MODULE"] = "schoolgate.config.settings.prod"
        import django

        django.setup()
        from django.core.management import call_command

        from bench.district import District
        from bench.table import print_results

        call_command("migrate", verbosity=0)
        district = District(folder=Path(folder), scale=10 if arguments.small else 1)
        results = []
        for name in MEASURES:
            if not arguments.names or name in arguments.names:
                print(f"… {name}", file=sys.stderr, flush=True)
                results += import_module(f"bench.{name}").measure(district)
    print_results(results, seconds=time.monotonic() - began)
    return int(any(result.met is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
