"""schoolgate explain"""

import argparse

from django.utils import timezone
from rich.console import Console

from schoolgate.cli.outcome import Outcome
from schoolgate.cli.who import tenant_named
from schoolgate.enrolments.identify import contact_named, student_named
from schoolgate.sync.explain import Explanation, explain
from schoolgate.tenancy.dates import day_of


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("explain", help="why a contact sees a student, or not")
    parser.add_argument("--tenant", required=True, metavar="C")
    parser.add_argument("--contact", required=True, metavar="ID")
    parser.add_argument("--student", required=True, metavar="ID")
    parser.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    found = explain(
        tenant=tenant,
        contact_id=contact_named(tenant=tenant, id_=arguments.contact).pk,
        student_id=student_named(tenant=tenant, id_=arguments.student).pk,
        today=day_of(tenant, timezone.now()),
        with_restrictions=True,
    )
    return Outcome(found.as_json(), lambda console: _say(console, found))


def _say(console: Console, found: Explanation) -> None:
    console.print("Sees the student." if found.sees else "Does not see the student.")
    for reason in found.reasons:
        when = f", since {reason.since:%Y-%m-%d}" if reason.since else ""
        who = f", by {reason.by}" if reason.by else ""
        sign = "+" if reason.speaks_for else "-"
        console.print(f"  {sign} {reason.text} ({reason.code}{when}{who})", markup=False)
