"""schoolgate keys email"""

import argparse
from datetime import timedelta

from django.utils import timezone

from schoolgate.cli.keys import add_selection, selected, skipped_of
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.progress import run_now, skips_in_words
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.letters.send_emails import start_send_emails


def register_keys(keys: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    email = keys.add_parser("email", help="put a mail for each live key into the outbox; a worker hands it over")
    add_selection(email)
    email.add_argument("--again", action="store_true", help="also to whom this key was mailed before")
    email.set_defaults(run=_email)


def _email(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    selection = selected(arguments, tenant)
    job = start_send_emails(
        tenant=tenant,
        subjects=selection.subjects,
        by=terminal_actor(tenant),
        at=timezone.now(),
        hold=timedelta(0),
        again=arguments.again,
        queued=False,
    )
    job = run_now(job, "Send Emails")
    skipped = skipped_of(job, selection)
    return Outcome({"queued": job.done, "skipped": skipped}, f"Queued {job.done} mails.{skips_in_words(skipped)}")
