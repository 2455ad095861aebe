"""What can be done with the key of one subject from the window, by the acts of keys/ and letters/ themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from schoolgate.audit.actor import Actor
from schoolgate.console.parent_access_administration.registration_keys.forms import (
    EmailForm,
    PlainForm,
    ReplaceForm,
    RevokeForm,
)
from schoolgate.console.parent_access_administration.registration_keys.lines import KeyLine
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.console.parent_access_administration.registration_keys.window import Window
from schoolgate.console.reasons import reason_words
from schoolgate.jobs.models import ItemState, Job
from schoolgate.jobs.queries import OPEN_STATES, items_of
from schoolgate.jobs.run import run_job
from schoolgate.jobs.subject import Subject
from schoolgate.keys.replace import start_replace
from schoolgate.keys.revoke import start_revoke
from schoolgate.keys.subjects import STUDENT_SELF, students_by_subject
from schoolgate.keys.unlock import start_unlock
from schoolgate.letters.print_letters import start_print_letters
from schoolgate.letters.send_emails import start_send_emails
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.roles import Right

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Verb:
    """One act. asks: it has a page of its own before it is done. said: what is told when it is. needs: a right beside keys.act."""

    name: str
    label: str | Promise
    icon: str
    form: type[forms.Form]
    start: Callable[[Scope, Subject, Options, Actor, bool], Job]
    said: str | Promise
    asks: bool = True
    needs: Right | None = None
    is_grave: bool = False


def _replace(scope: Scope, subject: Subject, options: Options, by: Actor, _is_used: bool) -> Job:
    reason = str(options.get("reason", ""))
    return start_replace(tenant=scope.tenant, subjects=[subject], by=by, at=scope.at, reason=reason, queued=False)


def _revoke(scope: Scope, subject: Subject, options: Options, by: Actor, is_used: bool) -> Job:
    return start_revoke(
        tenant=scope.tenant, subjects=[subject], reason=str(options["reason"]), used=is_used, by=by, at=scope.at, queued=False
    )  # fmt: skip


def _unlock(scope: Scope, subject: Subject, _options: Options, by: Actor, _is_used: bool) -> Job:
    return start_unlock(tenant=scope.tenant, subjects=[subject], by=by, at=scope.at, queued=False)


def _print(scope: Scope, subject: Subject, _options: Options, by: Actor, _is_used: bool) -> Job:
    return start_print_letters(tenant=scope.tenant, subjects=[subject], by=by, at=scope.at, queued=False)


def _email(scope: Scope, subject: Subject, options: Options, by: Actor, _is_used: bool) -> Job:
    again = bool(options.get("again"))
    return start_send_emails(tenant=scope.tenant, subjects=[subject], by=by, at=scope.at, again=again, queued=False)


VERBS = (
    Verb(
        "print",
        gettext_lazy("Print letter"),
        "print",
        PlainForm,
        _print,
        gettext_lazy("The letter is ready."),
        asks=False,
        needs=Right.KEYS_SEE,
    ),
    Verb("email", gettext_lazy("Send e-mail"), "mail", EmailForm, _email,
         gettext_lazy("The e-mail is in the outbox, and leaves in 10 minutes.")),
    Verb("replace", gettext_lazy("Replace"), "sync", ReplaceForm, _replace,
         gettext_lazy("The old key has stopped, and a new one is made.")),
    Verb("revoke", gettext_lazy("Revoke"), "ban", RevokeForm, _revoke, gettext_lazy("The key is revoked."), is_grave=True),
    Verb("unlock", gettext_lazy("Unlock"), "lock", PlainForm, _unlock,
         gettext_lazy("The key can be tried again."), asks=False),
)  # fmt: skip
VERB_BY_NAME = {verb.name: verb for verb in VERBS}


@dataclass(frozen=True)
class Target:
    """Whose key an act is about. contact_id: None for the student's own."""

    name: str
    line: KeyLine
    contact_id: int | None = None

    @property
    def is_own(self) -> bool:
        return self.line.subject.kind == STUDENT_SELF


def target_of(window: Window, contact_id: int | None) -> Target:
    """Raises NotFound for anybody who is no contact of this student, or is barred from them (G-05)."""
    if contact_id is None:
        return Target(window.student.shown_name, window.own)
    for each in window.parents:
        if each.contact.pk == contact_id and each.may_act and each.line is not None:
            return Target(each.contact.shown_name, each.line, contact_id)
    raise NotFound


def what_stops(scope: Scope, verb: Verb, target: Target) -> str:
    """What the confirmation says of the consequences (registration-keys §10.1)."""
    if verb.name == "replace":
        return _("The old key stops now, also if it turns up. A new one takes its place; there is no way back.")
    if verb.name != "revoke":
        return ""
    if not target.line.is_registered:
        return _("The key stops for good. Nobody who is connected loses access.")
    found = students_by_subject(tenant=scope.tenant, subjects=[target.line.subject], today=scope.today)
    n, username = len(found.get(target.line.subject, [])), ", ".join(target.line.usernames)
    if target.is_own:
        return _("Ends %(username)s's own access at once.") % {"username": username}
    told = ngettext(
        "Ends %(username)s's sight of %(n)s student at once. What they see by other keys stays.",
        "Ends %(username)s's sight of %(n)s students at once. What they see by other keys stays.",
        n,
    )
    return told % {"username": username, "n": n}


@dataclass(frozen=True)
class Done:
    """said: what came of it, in a sentence. is_done: it was done and not skipped. letter_job_id: whose letter can be fetched."""

    said: str
    is_done: bool
    letter_job_id: int | None = None


def perform(scope: Scope, verb: Verb, target: Target, options: Options, *, by: Actor) -> Done:
    """Do it, at once: one subject needs no worker. What the act itself skips is told with its reason. Raises as the act does."""
    job = run_job(verb.start(scope, target.line.subject, options, by, target.line.is_registered).pk)
    if job.state in OPEN_STATES:
        return Done(_("It is being done."), is_done=True)
    item = items_of(job).first()
    if item is None or item.state != ItemState.DONE:
        return Done(_("Not done: %(why)s.") % {"why": reason_words(item.why if item else "unknown")}, is_done=False)
    return Done(str(verb.said), is_done=True, letter_job_id=job.pk if verb.name == "print" else None)
