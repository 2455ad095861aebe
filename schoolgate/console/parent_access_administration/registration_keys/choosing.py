"""Select a Contact: who of a student's contacts can get a parent key, and why the others can't (registration-keys §5.1)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access_administration.registration_keys.people import Parent, left_within_grace
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.console.parent_access_administration.registration_keys.window import ParentLine, Why, Window, why_never
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.errors import why_no_key
from schoolgate.keys.schemes import LIVE_KEY, NO_LINK, TIED, why_not_generate
from schoolgate.keys.subjects import students_by_subject
from schoolgate.lib.errors import NotFound


@dataclass(frozen=True)
class Choice:
    """One contact. why: of one that can't be chosen. opens: the sentence on what the key opens (R-SK-13).

    also_sees: how many other students. warning: the key won't show this student yet, or soon not any more (R-SK-04, R-SK-12).
    may_turn_on: access to this student is off, and nobody has turned it on yet.
    """

    parent: Parent
    why: Why | None
    opens: str
    also_sees: int
    warning: str
    may_turn_on: bool
    twin: str = ""

    @property
    def contact(self) -> DirectoryContact:
        return self.parent.contact


def choices_of(scope: Scope, window: Window) -> list[Choice]:
    """Query: every contact of the window's student, in its order."""
    subjects = [each.line.subject for each in window.parents if each.line is not None]
    seen = students_by_subject(tenant=scope.tenant, subjects=subjects, today=scope.today)
    return [_choice(scope, window, each, seen) for each in window.parents]


def choice_by_id(scope: Scope, window: Window, contact_id: int) -> Choice:
    """Query: one of them. Raises NotFound for anybody who is no contact of this student."""
    for choice in choices_of(scope, window):
        if choice.contact.pk == contact_id:
            return choice
    raise NotFound


def _choice(scope: Scope, window: Window, line: ParentLine, seen: dict[Subject, list[DirectoryStudent]]) -> Choice:
    parent = line.parent
    students = seen.get(parent.line.subject, []) if parent.line is not None else []
    others = [student for student in students if student.pk != window.student.pk]
    in_grace = left_within_grace(scope.tenant, window.student, at=scope.at, today=scope.today)
    why = why_not_chosen(window, parent, in_grace=in_grace)
    warning = "" if why is not None else _warning(window.student, line, in_grace=in_grace)
    return Choice(
        parent=parent,
        why=why,
        opens=opens_sentence(parent.contact, window.student, others, opens=parent.opens, schools=scope.schools),
        also_sees=len(others),
        warning=warning,
        may_turn_on=bool(warning) and window.student.is_active and not parent.opens and not line.pending,
        twin=line.twin,
    )


def why_not_chosen(window: Window, parent: Parent, *, in_grace: bool) -> Why | None:
    """Why a contact can't be chosen, None when they can (R-SK-11); the same reasons decide when the button is pressed."""
    if window.system:
        return Why(_("This district uses %(system)s keys.") % {"system": window.system})
    never, line = why_never(parent), parent.line
    if never is not None:
        return never
    if line is None:
        return Why(*why_no_key(NO_LINK))
    why = why_not_generate(line.facts, also_unlinked=in_grace)
    if why == TIED:
        return Why(_("Registered as %(username)s.") % {"username": ", ".join(line.usernames)})
    if why == LIVE_KEY:
        return Why(_("Has a live key."), _("Print it, send it, or replace it in Student Key Information."))
    return Why(*why_no_key(why)) if why else None


def _warning(student: DirectoryStudent, line: ParentLine, *, in_grace: bool) -> str:
    if line.pending == "off":
        return _("Will see this student until the next Data Sync: access is turned off, and not published yet.")
    if line.parent.opens:
        return ""
    if not student.is_active and in_grace:
        return _(
            "The student has left. The key shows nobody until the student is active again, and ends with the leaving grace."
        )
    return _("Won't see this student until access is on and published.")


def opens_sentence(
    contact: DirectoryContact,
    student: DirectoryStudent,
    others: Sequence[DirectoryStudent],
    *,
    opens: bool,
    schools: frozenset[int] | None,
) -> str:
    """What the key will open: it is the contact's, and not this student's (R-SK-13). others: whom else it shows.

    schools: those that the member may see, None for all; others are not named.
    """
    name = contact.shown_name
    if not others:
        return (
            _("%(contact)s will see this student.") % {"contact": name}
            if opens
            else _("%(contact)s will see no student yet.") % {"contact": name}
        )
    where = _listed_schools(others, schools)
    n = len(others)
    if not opens:
        told = ngettext("%(contact)s will see %(n)s student %(where)s, and not this one.",
                        "%(contact)s will see %(n)s students %(where)s, and not this one.", n)  # fmt: skip
        return told % {"contact": name, "n": n, "where": where}
    told = ngettext("%(contact)s will see %(all)s students: this one and %(n)s other %(where)s.",
                    "%(contact)s will see %(all)s students: this one and %(n)s others %(where)s.", n)  # fmt: skip
    return told % {"contact": name, "all": n + 1, "n": n, "where": where}


def _listed_schools(students: Sequence[DirectoryStudent], schools: frozenset[int] | None) -> str:
    names = Counter(student.school_names if student.is_at(schools) else _("another school") for student in students)
    return _("at %(schools)s") % {"schools": ", ".join(names)}
