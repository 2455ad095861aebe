"""schoolgate keys letters"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from django.utils import timezone

from schoolgate.audit.actor import Actor
from schoolgate.cli.keys import add_selection, selected, skipped_of
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.progress import run_now, skips_in_words
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.jobs.models import Job
from schoolgate.letters.fonts import check_fonts
from schoolgate.letters.letter_file import LetterFile, fetch_letter_file, files_of_run
from schoolgate.letters.print_letters import start_print_letters
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant


class CannotWrite(SchoolgateError):
    """The place for the letters can't be written."""

    code = "letters.out"
    fix = "Give --out a file in a folder that exists and that you may write in."


def register_keys(keys: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    letters = keys.add_parser("letters", help="a letter for each live key, as PDF")
    add_selection(letters)
    letters.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="over 500 letters: FILE-001.pdf, FILE-002.pdf, …"
    )
    letters.set_defaults(run=_letters)


def _letters(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    out: Path = arguments.out
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise CannotWrite(f"Letters can't be written to {out}.")
    check_fonts()  # Before any copy is counted.
    by = terminal_actor(tenant)
    selection = selected(arguments, tenant)
    job = start_print_letters(tenant=tenant, subjects=selection.subjects, by=by, at=timezone.now(), queued=False)
    job = run_now(job, "Print Letters")
    skipped = Counter(skipped_of(job, selection))
    letters = pages = 0
    files: list[str] = []
    for path, made in _written(tenant, job, out, by):
        letters, pages = letters + made.letters, pages + made.pages
        skipped.update(left.why for left in made.left_out)
        files.append(str(path))
    reasons = dict(sorted(skipped.items()))
    content = {"letters": letters, "pages": pages, "files": files, "skipped": reasons}
    text = f"Printed {letters} letters on {pages} pages, tally included.{skips_in_words(reasons)}"
    return Outcome(content, "\n".join([text, *files]))


def _written(tenant: Tenant, job: Job, out: Path, by: Actor) -> list[tuple[Path, LetterFile]]:
    """Each file as it is written: whole or not at all, and for its owner's eyes alone."""
    files = files_of_run(tenant=tenant, job=job)
    done = []
    for each in files:
        path = out if len(files) == 1 else out.with_name(f"{out.stem}-{each.file_no:03}.pdf")
        made = fetch_letter_file(tenant=tenant, job=job, file_no=each.file_no, by=by, at=timezone.now())
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(made.pdf)
            draft.replace(path)
        except OSError as fault:
            draft.unlink(missing_ok=True)
            raise CannotWrite(f"{path} can't be written: {fault.strerror}.") from fault
        done.append((path, LetterFile(b"", made.letters, made.pages, made.left_out)))
        if sys.stderr.isatty():
            print(f"{path}: {made.letters} letters", file=sys.stderr)
    return done
