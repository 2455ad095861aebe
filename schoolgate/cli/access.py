"""schoolgate access set · restrict"""

import argparse
from datetime import date

from django.utils import timezone

from schoolgate.cli.follow import follow_at_once
from schoolgate.cli.outcome import Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.identify import contact_named, student_named
from schoolgate.enrolments.pairs import association_of_pair, is_restricted
from schoolgate.enrolments.save_restriction import RestrictionTerms
from schoolgate.enrolments.set_access import set_access
from schoolgate.sync.pending import pending_pair
from schoolgate.sync.restrict import restrict_contact
from schoolgate.tenancy.dates import day_of


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    access = commands.add_parser("access", help="who may see whom").add_subparsers(required=True, metavar="ACT")
    change = access.add_parser("set", help="turn Has Portal Access on or off; it has effect with the next sync")
    _pair(change)
    way = change.add_mutually_exclusive_group(required=True)
    way.add_argument("--on", action="store_true")
    way.add_argument("--off", dest="on", action="store_false")
    change.set_defaults(run=_set)

    bar = commands.add_parser("restrict", help="bar a contact from a student, at once")
    _pair(bar)
    bar.add_argument("--until", type=date.fromisoformat, metavar="D", help="the last day, such as 2027-01-31")
    bar.add_argument("--reason", required=True, metavar="R")
    bar.set_defaults(run=_restrict)


def _pair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", required=True, metavar="C")
    parser.add_argument("--student", required=True, metavar="ID")
    parser.add_argument("--contact", required=True, metavar="ID")


def _set(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    student = student_named(tenant=tenant, id_=arguments.student)
    contact = contact_named(tenant=tenant, id_=arguments.contact)
    pair = {"student_id": student.pk, "contact_id": contact.pk}
    association = association_of_pair(tenant=tenant, **pair)
    if association is None:
        raise EnrolmentRefused(
            f"Contact {arguments.contact} does not belong to student {arguments.student}.",
            fix="Associate them first.",
            code="enrolment.no_association",
        )
    at = timezone.now()
    today = day_of(tenant, at)
    if arguments.on and is_restricted(tenant=tenant, **pair, today=today):
        raise Restricted(
            "A restriction keeps this contact from this student.", fix="Lift or review the restriction first."
        )
    set_access(tenant=tenant, wanted={association.pk: arguments.on}, by=terminal_actor(tenant), at=at)
    pending = pending_pair(tenant=tenant, **pair, today=today) is not None
    word = "on" if arguments.on else "off"
    after = "It has effect with the next sync." if pending else "Nothing is waiting for a sync."
    return Outcome({"pending": pending}, f"Has Portal Access is {word}. {after}")


def _restrict(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    student = student_named(tenant=tenant, id_=arguments.student)
    contact = contact_named(tenant=tenant, id_=arguments.contact)
    by, at = terminal_actor(tenant), timezone.now()
    withdrawn = restrict_contact(
        tenant=tenant,
        student_ids=[student.pk],
        contact_id=contact.pk,
        terms=RestrictionTerms(ends_on=arguments.until, note=arguments.reason),
        reason=arguments.reason,
        by=by,
        at=at,
    )
    follow_at_once(tenant=tenant, by=by, at=at)
    return Outcome(
        {"withdrawn": withdrawn.links},
        f"Contact {arguments.contact} is restricted from student {arguments.student}."
        f" Links withdrawn: {withdrawn.links}.",
    )
