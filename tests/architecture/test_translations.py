"""The translation files hold every marked string, and the compiled ones say the same (``make messages``)."""

import gettext
import io
import shutil
import subprocess

from tests.architecture.tree import PACKAGE
from tests.messages import gather

CATALOGUES = sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/django.po"))


def strings_of(compiled: bytes) -> dict[object, str]:
    """What a compiled catalogue translates; its header, which has dates, left out."""
    found = dict(gettext.GNUTranslations(io.BytesIO(compiled))._catalog)  # type: ignore[attr-defined]
    found.pop("", None)
    return found


def test_compiled_translations_are_those_of_the_source():
    for po in CATALOGUES:
        made = subprocess.run(["msgfmt", "--check", "--output-file=-", str(po)], capture_output=True, check=True).stdout
        assert strings_of(made) == strings_of(po.with_suffix(".mo").read_bytes()), "run `make messages`"


def test_every_marked_string_is_in_the_translation_files(tmp_path):
    copy = tmp_path / "schoolgate"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("vendor", "__pycache__", "data"))
    if CATALOGUES:
        gather(copy)
    for po in CATALOGUES:
        gathered = (copy / po.relative_to(PACKAGE)).read_text(encoding="utf-8")
        assert gathered == po.read_text(encoding="utf-8"), "run `make messages`"
