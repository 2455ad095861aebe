"""``make messages``: gather the marked strings into the translation files, and compile those.

As Django's makemessages, but without guesses: a new string has no translation until a person gives one.
"""

import os
import subprocess
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.makemessages import Command

PACKAGE = Path(__file__).resolve().parents[1] / "schoolgate"


class Gather(Command):
    """msgmerge guesses by likeness of words, and a guess in a letter home is worse than English."""

    msgmerge_options = [*Command.msgmerge_options, "--no-fuzzy-matching"]


def gather(package: Path) -> None:
    """Bring the translation files under a copy of the package, or the package itself, up to its strings."""
    before = Path.cwd()
    os.chdir(package)
    try:
        call_command(Gather(), all=True, no_obsolete=True, no_location=True, verbosity=0)
    finally:
        os.chdir(before)
    for po in package.glob("locale/*/LC_MESSAGES/*.po"):
        lines = po.read_text(encoding="utf-8").split("\n")
        # A date that changes whenever anybody gathers would only make conflicts.
        po.write_text("\n".join(line for line in lines if not line.startswith('"POT-Creation-Date')), encoding="utf-8")


def compile_all(package: Path) -> None:
    """Compile them; a translation whose placeholders are not those of its string is refused."""
    for po in package.glob("locale/*/LC_MESSAGES/*.po"):
        subprocess.run(["msgfmt", "--check", f"--output-file={po.with_suffix('.mo')}", str(po)], check=True)


if __name__ == "__main__":
    if not settings.configured:
        settings.configure(USE_I18N=True, LOCALE_PATHS=[], INSTALLED_APPS=[])
    gather(PACKAGE)
    compile_all(PACKAGE)
