"""The acts of the Actions menu: what each is called, what it forecasts, and which action of which module it starts (R-CK-07 to R-CK-14)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from schoolgate.audit.actor import Actor
from schoolgate.console.parent_access.key_pages.chosen import Chosen
from schoolgate.console.parent_access.key_pages.forms import (
    ActForm,
    EmailForm,
    GenerateForm,
    PrintForm,
    ReplaceForm,
    RevokeForm,
)
from schoolgate.console.parent_access.key_pages.schemes import Scheme
from schoolgate.jobs.models import Job
from schoolgate.jobs.subject import Subject
from schoolgate.keys.counted import forecast_counted
from schoolgate.keys.generate import GenerateOptions, start_generate
from schoolgate.keys.make_keys import MANY_KEYS, count_live_keys
from schoolgate.keys.queries import count_given_out
from schoolgate.keys.replace import start_replace
from schoolgate.keys.revoke import start_revoke
from schoolgate.keys.schemes import Forecast, Verdict, why_not_replace, why_not_revoke, why_not_unlock
from schoolgate.keys.unlock import start_unlock
from schoolgate.letters.print_letters import PrintOptions, forecast_letters, start_print_letters, why_not_print
from schoolgate.letters.send_emails import forecast_emails, mailboxes_by_subject, start_send_emails, why_not_email
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class AddresseeWords:
    """An act's words where a row is a household or a student, and each of its adults gets a letter of their own."""

    lead: str | Promise
    does: Callable[[Forecast], str]


Options = Mapping[str, Any]
"""What the act's form holds: its cleaned fields, or what a preview was asked with."""


@dataclass(frozen=True)
class Act:
    """One verb. does: the forecast in a sentence. button: the deed with its number. per_second: for the estimate.

    needs, needs_for_many: single rights beside keys.act, the second for more than one contact.
    is_grave: drawn as danger. asks_first: for a reason. asks, looks: for an act that
    needs more than keys' facts, its own forecast and its own reasons.
    """

    name: str
    title: str | Promise
    icon: str
    lead: str | Promise
    form: type[ActForm]
    verdict: Callable[[Options], Verdict]
    does: Callable[[Forecast], str]
    button: Callable[[Forecast], str]
    start: Callable[[Chosen, Options, Actor], Job]
    per_second: float = 5_000
    needs: tuple[Right, ...] = ()
    needs_for_many: Right | None = None
    may_end_ties: bool = False
    is_grave: bool = False
    is_behind_divider: bool = False
    asks_first: bool = False

    asks: Callable[[Chosen, Options], Forecast] | None = None
    looks: Callable[[Chosen, Sequence[Subject], Options], Mapping[Subject, str]] | None = None
    of_addressees: AddresseeWords | None = None

    def whys(self, chosen: Chosen, subjects: Sequence[Subject], options: Options) -> Mapping[Subject, str]:
        """Of some subjects: why the act would skip each, "" for those it acts on."""
        if self.looks is not None:
            return self.looks(chosen, subjects, options)
        facts, verdict = chosen.facts(subjects), self.verdict(options)
        return {subject: verdict(facts.get(subject)) for subject in subjects}

    def lead_for(self, scheme: Scheme) -> str:
        """What it does, under the page's title."""
        words = None if scheme.is_own_addressee else self.of_addressees
        return str(words.lead if words else self.lead)

    def does_for(self, scheme: Scheme, found: Forecast) -> str:
        """The forecast in a sentence."""
        words = None if scheme.is_own_addressee else self.of_addressees
        return (words.does if words else self.does)(found)

    def forecast(self, chosen: Chosen, options: Options) -> Forecast:
        """What it would do with this selection, by the verdict that the act itself obeys."""
        if self.asks is not None:
            return self.asks(chosen, options)
        verdict = self.verdict(options)
        return forecast_counted(chosen.groups, verdict, selected=chosen.asked, counts_ties=bool(options.get("used")))


def _generate_options(options: Options) -> GenerateOptions:
    return GenerateOptions(
        also_unlinked=bool(options.get("also_unlinked")),
        another_account=bool(options.get("another_account")),
        reason=str(options.get("reason", "")),
    )


def _start_generate(chosen: Chosen, options: Options, by: Actor) -> Job:
    return start_generate(
        tenant=chosen.scope.tenant, subjects=chosen.subjects(), by=by, at=chosen.at, options=_generate_options(options)
    )


def _mail_forecast(chosen: Chosen, options: Options) -> Forecast:
    return forecast_emails(
        tenant=chosen.scope.tenant, subjects=chosen.subjects(), at=chosen.at, again=bool(options.get("again"))
    )


def _mail_whys(chosen: Chosen, subjects: Sequence[Subject], options: Options) -> Mapping[Subject, str]:
    facts = chosen.facts(subjects)
    mailboxes = mailboxes_by_subject(tenant=chosen.scope.tenant, subjects=subjects, at=chosen.at)
    again = bool(options.get("again"))
    return {subject: why_not_email(facts.get(subject), mailboxes.get(subject), again=again) for subject in subjects}


def _start_emails(chosen: Chosen, options: Options, by: Actor) -> Job:
    return start_send_emails(
        tenant=chosen.scope.tenant,
        subjects=chosen.subjects(),
        by=by,
        at=chosen.at,
        again=bool(options.get("again")),
    )


def _print_options(options: Options) -> PrintOptions:
    return PrintOptions(
        also_generate=bool(options.get("also_generate")), only_with_address=bool(options.get("only_with_address"))
    )


def _print_forecast(chosen: Chosen, options: Options) -> Forecast:
    if options.get("only_with_address"):  # Addresses are no facts of keys: they are looked at one by one.
        return forecast_letters(
            tenant=chosen.scope.tenant, subjects=chosen.subjects(), at=chosen.at, options=_print_options(options)
        )
    return forecast_counted(chosen.groups, _print_verdict(options), selected=chosen.asked)


def _print_verdict(options: Options) -> Verdict:
    return partial(why_not_print, also_generate=bool(options.get("also_generate")))


def _start_letters(chosen: Chosen, options: Options, by: Actor) -> Job:
    return start_print_letters(
        tenant=chosen.scope.tenant, subjects=chosen.subjects(), by=by, at=chosen.at, options=_print_options(options)
    )


def _start_replace(chosen: Chosen, options: Options, by: Actor) -> Job:
    reason = str(options.get("reason", ""))
    return start_replace(tenant=chosen.scope.tenant, subjects=chosen.subjects(), by=by, at=chosen.at, reason=reason)


def _start_unlock(chosen: Chosen, _options: Options, by: Actor) -> Job:
    return start_unlock(tenant=chosen.scope.tenant, subjects=chosen.subjects(), by=by, at=chosen.at)


def _start_revoke(chosen: Chosen, options: Options, by: Actor) -> Job:
    return start_revoke(
        tenant=chosen.scope.tenant,
        subjects=chosen.subjects(),
        reason=str(options["reason"]),
        used=bool(options.get("used")),
        by=by,
        at=chosen.at,
    )


def _revoke_does(found: Forecast) -> str:
    n = found.acts_on
    if found.ties_ended:
        stops = ngettext("Keys of %(n)s contact stop working.", "Keys of %(n)s contacts stop working.", n) % {"n": n}
        people = ngettext("%(n)s account loses its access.", "%(n)s accounts lose their access.", found.ties_ended)
        return f"{stops} {people % {'n': found.ties_ended}}"
    stops = ngettext("%(n)s key stops working.", "%(n)s keys stop working.", n) % {"n": n}
    return f"{stops} {_('Nobody who is connected loses access.')}"


def _revoke_does_of_addressees(found: Forecast) -> str:
    if not found.ties_ended:
        return _revoke_does(found)
    stops = ngettext("%(n)s key stops working.", "%(n)s keys stop working.", found.acts_on) % {"n": found.acts_on}
    people = ngettext("%(n)s account loses its access.", "%(n)s accounts lose their access.", found.ties_ended)
    return f"{stops} {people % {'n': found.ties_ended}}"


def _revoke_button(found: Forecast) -> str:
    if found.ties_ended:
        people = ngettext(
            "Revoke, and end the access of %(n)s account",
            "Revoke, and end the access of %(n)s accounts",
            found.ties_ended,
        )
        return people % {"n": found.ties_ended}
    return ngettext("Revoke %(n)s key", "Revoke %(n)s keys", found.acts_on) % {"n": found.acts_on}


def _plural(sentence: Any) -> Callable[[Forecast], str]:  # Any: ngettext_lazy's own type is a Promise without `%`.
    return lambda found: str(sentence % {"n": found.acts_on})


_REVOKE_LEAD = gettext_lazy(
    "Keys stop working for good. There is no undo: who should have a key again needs a new one."
)

ACTS = (
    Act(
        name="generate",
        title=gettext_lazy("Generate Keys"),
        icon="key",
        lead=gettext_lazy(
            "Each contact without a key gets one. Live keys, and people who are connected, are left alone."
        ),
        form=GenerateForm,
        verdict=lambda options: _generate_options(options).verdict(),
        does=_plural(ngettext_lazy("%(n)s contact gets a key.", "%(n)s contacts get a key.", "n")),
        button=_plural(ngettext_lazy("Generate %(n)s key", "Generate %(n)s keys", "n")),
        start=_start_generate,
        of_addressees=AddresseeWords(
            gettext_lazy("Each adult without a key gets one. Live keys, and people who are connected, are left alone."),
            _plural(ngettext_lazy("%(n)s key is made.", "%(n)s keys are made.", "n")),
        ),
        per_second=10_000,
    ),
    Act(
        name="print",
        title=gettext_lazy("Print Letters"),
        icon="print",
        lead=gettext_lazy(
            "One letter for each contact with a live key. Printed again it is copy 2 of the same key, never a new secret."
        ),
        form=PrintForm,
        verdict=_print_verdict,
        asks=_print_forecast,
        does=_plural(ngettext_lazy("%(n)s letter, one page.", "%(n)s letters, one page each.", "n")),
        button=_plural(ngettext_lazy("Print %(n)s letter", "Print %(n)s letters", "n")),
        start=_start_letters,
        of_addressees=AddresseeWords(
            gettext_lazy(
                "One letter for each adult with a live key. Printed again it is copy 2 of the same key, never a new secret."
            ),
            _plural(ngettext_lazy("%(n)s letter, one page.", "%(n)s letters, one page each.", "n")),
        ),
        per_second=1_000,
        needs=(Right.KEYS_SEE,),
        needs_for_many=Right.KEYS_BULK_PRINT,
    ),
    Act(
        name="email",
        title=gettext_lazy("Send Emails"),
        icon="mail",
        lead=gettext_lazy(
            "One email for each contact, with their own key. They wait 10 minutes in the outbox, where the whole run can be cancelled."
        ),
        form=EmailForm,
        verdict=lambda _options: why_not_replace,
        asks=_mail_forecast,
        looks=_mail_whys,
        does=_plural(ngettext_lazy("%(n)s email.", "%(n)s emails.", "n")),
        button=_plural(ngettext_lazy("Send %(n)s email", "Send %(n)s emails", "n")),
        start=_start_emails,
        of_addressees=AddresseeWords(
            gettext_lazy(
                "One email for each adult, with their own key. They wait 10 minutes in the outbox, where the whole run can be cancelled."
            ),
            _plural(ngettext_lazy("%(n)s email.", "%(n)s emails.", "n")),
        ),
        per_second=5,
    ),
    Act(
        name="replace",
        title=gettext_lazy("Replace Keys"),
        icon="sync",
        lead=gettext_lazy(
            "The old key stops at once, also if its letter turns up later, and a new one takes its place. There is no way back."
        ),
        form=ReplaceForm,
        verdict=lambda _options: why_not_replace,
        does=_plural(
            ngettext_lazy("%(n)s key stops and a new one is made.", "%(n)s keys stop and new ones are made.", "n")
        ),
        button=_plural(ngettext_lazy("Replace %(n)s key", "Replace %(n)s keys", "n")),
        start=_start_replace,
        asks_first=True,
        is_behind_divider=True,
    ),
    Act(
        name="unlock",
        title=gettext_lazy("Unlock"),
        icon="lock",
        lead=gettext_lazy(
            "The same key can be tried again. A key is unlocked once; after its second lock it can only be replaced."
        ),
        form=ActForm,
        verdict=lambda _options: why_not_unlock,
        does=_plural(ngettext_lazy("%(n)s key can be tried again.", "%(n)s keys can be tried again.", "n")),
        button=_plural(ngettext_lazy("Unlock %(n)s key", "Unlock %(n)s keys", "n")),
        start=_start_unlock,
        is_behind_divider=True,
    ),
    Act(
        name="revoke",
        title=gettext_lazy("Revoke Keys"),
        icon="ban",
        lead=_REVOKE_LEAD,
        form=RevokeForm,
        of_addressees=AddresseeWords(_REVOKE_LEAD, _revoke_does_of_addressees),
        verdict=lambda options: partial(why_not_revoke, used=bool(options.get("used"))),
        does=_revoke_does,
        button=_revoke_button,
        start=_start_revoke,
        may_end_ties=True,
        asks_first=True,
        is_grave=True,
        is_behind_divider=True,
    ),
)
ACT_BY_NAME = {act.name: act for act in ACTS}


def warnings_of(act: Act, found: Forecast, chosen: Chosen, options: Options) -> list[str]:
    """What the office should know before it presses."""
    if act.name in {"print", "email"}:
        return _both_ways(act, chosen, options)
    if act.name == "generate" and count_live_keys(tenant=chosen.scope.tenant) + found.acts_on > MANY_KEYS:
        return [
            _(
                "With more than 100,000 live keys, four public symbols hardly tell keys apart. Revoke those that nobody will use."
            )
        ]
    return []


def _both_ways(act: Act, chosen: Chosen, options: Options) -> list[str]:
    """How many get a letter and a mail with one key: allowed, and said (R-KY-10)."""
    subjects: Sequence[Subject] = chosen.subjects()
    if act.looks is not None:
        subjects = [subject for subject, why in act.whys(chosen, subjects, options).items() if not why]
    by_mail = act.name == "email"
    n = count_given_out(tenant=chosen.scope.tenant, subjects=subjects, printed=by_mail, at=chosen.at)
    if not n:
        return []
    both = (
        ngettext(
            "%(n)s of them gets both: the same key was printed before.",
            "%(n)s of them get both: the same keys were printed before.",
            n,
        )
        if by_mail
        else ngettext(
            "%(n)s of them gets both: the same key was e-mailed before.",
            "%(n)s of them get both: the same keys were e-mailed before.",
            n,
        )
    )
    return [f"{both % {'n': n}} {_('Replace Keys ends the first, if it should not be used.')}"]
