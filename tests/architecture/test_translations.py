"""The translation files hold every marked string, and the compiled ones say the same (``make messages``)."""

import gettext
import io
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import PACKAGE, ROOT

CATALOGUES = sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/django.po"))


def strings_of(compiled: bytes) -> dict[object, str]:
    """What a compiled catalogue translates; its header, which has dates, left out."""
    found = dict(gettext.GNUTranslations(io.BytesIO(compiled))._catalog)  # type: ignore[attr-defined]
    found.pop("", None)
    return found


def without_dates(po: Path) -> str:
    lines = po.read_text(encoding="utf-8").split("\n")
    return "\n".join(line for line in lines if not line.startswith('"POT-Creation-Date'))


def test_compiled_translations_are_those_of_the_source():
    for po in CATALOGUES:
        made = subprocess.run(["msgfmt", "--check", "--output-file=-", str(po)], capture_output=True, check=True).stdout
        assert strings_of(made) == strings_of(po.with_suffix(".mo").read_bytes()), "run `make messages`"


def test_every_marked_string_is_in_the_translation_files(tmp_path):
    copy = tmp_path / "schoolgate"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("vendor", "__pycache__", "data"))
    gather = [sys.executable, str(ROOT / "manage.py"), "makemessages", "--all", "--no-obsolete", "--no-location"]
    if CATALOGUES:
        subprocess.run(gather, cwd=copy, check=True, capture_output=True)
    for po in CATALOGUES:
        assert without_dates(copy / po.relative_to(PACKAGE)) == without_dates(po), "run `make messages`"
