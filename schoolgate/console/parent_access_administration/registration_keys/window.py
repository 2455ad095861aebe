"""Student Key Information: every key that opens one student's record, and why others are missing (registration-keys §5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from zlib import crc32

from django.utils.translation import gettext as _

from schoolgate.audit.queries import audit_length, has_happened
from schoolgate.console.parent_access_administration.registration_keys.lines import KeyLine, key_lines
from schoolgate.console.parent_access_administration.registration_keys.people import (
    Parent,
    StudentKeys,
    keys_of_students,
    legacy_subjects,
    student_by_id,
)
from schoolgate.console.parent_access_administration.registration_keys.rows import ACTS_ON_KEYS
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.errors import why_no_key
from schoolgate.keys.facts import PARENT
from schoolgate.keys.schemes import LIVE_KEY, TIED
from schoolgate.keys.subjects import CONTACT, parent_kind, students_by_subject
from schoolgate.lib.names import fold_name
from schoolgate.sync.pending import PendingLink, pending_by_student
from schoolgate.tenancy.models import KeySystem


@dataclass(frozen=True)
class Why:
    """Why a key is missing, in a sentence, and the way on."""

    told: str
    fix: str = ""


@dataclass(frozen=True)
class ParentLine:
    """One contact of the window. pending: "on" or "off" after the next Data Sync, else empty. why: of a key that is missing.

    may_act: the acts on the key are offered here; not where a restriction closes the pair (G-05). also_sees: how many other
    students the same key opens (G-03). twin: that the same person may stand here twice (G-10).
    """

    parent: Parent
    pending: str
    why: Why | None
    may_act: bool
    also_sees: int = 0
    twin: str = ""

    @property
    def no_email(self) -> str:
        """Why no e-mail can go to them (G-08)."""
        return "" if self.contact.email_usable else _("No usable e-mail address.")

    @property
    def contact(self) -> DirectoryContact:
        return self.parent.contact

    @property
    def line(self) -> KeyLine | None:
        return self.parent.line

    @property
    def shows_state(self) -> bool:
        """Not where "No students" would be said of somebody who is barred, or may have no key at all."""
        return self.line is not None and (self.why is None or self.line.is_live or self.line.is_registered)


@dataclass(frozen=True)
class LegacyLine:
    """A key or a tie of a key system that is not in force any more (R-SK-05)."""

    contact: DirectoryContact
    line: KeyLine


@dataclass(frozen=True)
class Window:
    """All that the window shows. own_why: why no key for student use can be added, None when one can.

    unpublished: contacts with access on whom no Data Sync has published yet. system: the key system's name where it isn't
    Contact, so that none are made here. seq, version: for renewing itself.
    """

    keys: StudentKeys
    own_why: Why | None
    parents: tuple[ParentLine, ...]
    unpublished: tuple[PendingLink, ...]
    legacy: tuple[LegacyLine, ...]
    system: str
    seq: int
    version: str = field(default="")

    @property
    def student(self) -> DirectoryStudent:
        return self.keys.student

    @property
    def own(self) -> KeyLine:
        return self.keys.own

    @property
    def own_no_email(self) -> str:
        """Why none can go to the student (G-08)."""
        return "" if self.student.email else _("No e-mail address of the student's own.")

    @property
    def has_restriction(self) -> bool:
        return any(each.parent.is_barred for each in self.parents)


def window_of(scope: Scope, student_id: int) -> Window:
    """Query: the window of one student. Raises NotFound beyond the member's schools (R-RK-11)."""
    seq = audit_length(tenant_id=scope.tenant.pk)
    student = student_by_id(scope, student_id)
    [keys] = keys_of_students(scope, [student])
    pending = pending_by_student(tenant=scope.tenant, student_ids=[student.pk], today=scope.today).get(student.pk, [])
    subjects = [each.line.subject for each in keys.parents if each.line is not None]
    opened = students_by_subject(tenant=scope.tenant, subjects=subjects, today=scope.today)
    twins = twins_of(keys.parents)
    known = {parent.contact.pk for parent in keys.parents}
    window = Window(
        keys=keys,
        own_why=why_not_own(keys.own),
        parents=tuple(_parent_line(each, pending, opened, twins.get(each.pair.pk, "")) for each in keys.parents),
        unpublished=tuple(link for link in pending if link.opens and link.contact_id not in known),
        legacy=_legacy(scope, keys),
        system="" if parent_kind(scope.tenant) == CONTACT else _system_name(scope),
        seq=seq,
    )
    return Window(**{**vars(window), "version": version_of(window)})


def is_unchanged(scope: Scope, *, seq: int) -> bool:
    """Query: has nothing happened to any key since? Two look-ups, whatever the window shows (R-RK-09)."""
    return not has_happened(tenant_id=scope.tenant.pk, acts=ACTS_ON_KEYS, after_seq=seq)


def version_of(window: Window) -> str:
    """Different whenever the window reads differently."""
    told = repr([window.keys, window.own_why, window.parents, window.unpublished, window.legacy, window.system])
    return f"{crc32(told.encode()):08x}"


def why_not_own(line: KeyLine) -> Why | None:
    """Why no key for student use can be added, with the way on (R-SK-02); None when one can (R-SK-03)."""
    if not line.why_not:
        return None
    if line.why_not == TIED:
        return Why(
            _("The student has an account: %(username)s.") % {"username": ", ".join(line.usernames)},
            _("One account for a student. A lost sign-in is mended under Account Maintenance; Revoke ends the access."),
        )
    if line.why_not == LIVE_KEY:
        return Why(_("The student has a live key: one at a time."), _("Print it again, or Replace it if it is lost."))
    return Why(*why_no_key(line.why_not))


def _parent_line(
    parent: Parent, pending: list[PendingLink], opened: Mapping[Subject, list[DirectoryStudent]], twin: str
) -> ParentLine:
    mark = next((("on" if link.opens else "off") for link in pending if link.association_id == parent.pair.pk), "")
    may_act = not parent.is_barred and parent.line is not None
    seen = opened.get(parent.line.subject, []) if parent.line is not None else []
    others = sum(1 for student in seen if student.pk != parent.pair.student_id)
    return ParentLine(parent, mark, _why_missing(parent), may_act, others, twin)


def twins_of(parents: Collection[Parent]) -> dict[int, str]:
    """Those contacts of a student who bear one name: by the association's id, what is said of it (G-10); pure.

    Only people of whom a key is made count: who is a parent beside being staff stands here twice and rightly so (G-06).
    """
    by_name: dict[str, list[Parent]] = defaultdict(list)
    for parent in parents:
        if parent.contact.type == PARENT and parent.contact.is_active:
            by_name[fold_name(parent.contact.shown_name)].append(parent)
    found = {}
    for some in by_name.values():
        for each in some if len(some) > 1 else ():
            others = [other.line for other in some if other is not each and other.line is not None]
            has_key = any(line.is_live or line.is_registered for line in others)
            found[each.pair.pk] = (
                _("May be the same person as another contact here, who has a key or an account.")
                if has_key
                else _("May be the same person as another contact here.")
            )
    return found


def _why_missing(parent: Parent) -> Why | None:
    """The one reason for which a contact has no key; None when there is a key, or nothing but a press is missing."""
    line = parent.line
    if line is not None and (line.is_live or line.is_registered):
        return None
    never = why_never(parent)
    if never is not None or line is None or not line.why_not:
        return never
    return Why(*why_no_key(line.why_not))


def why_never(parent: Parent) -> Why | None:
    """Why no key is made for this contact from this student's side, whatever keys there are; None for whoever may have one."""
    if parent.is_barred:
        return Why(_("Restricted from this student."))
    if parent.contact.type != PARENT:
        return Why(_("A contact of type %(type)s: no parent key.") % {"type": parent.contact.type})
    if not parent.contact.is_active:
        return Why(_("The contact is not active."))
    return None


def _legacy(scope: Scope, keys: StudentKeys) -> tuple[LegacyLine, ...]:
    pair_by_subject = legacy_subjects(scope.tenant, [each.pair for each in keys.parents])
    lines = key_lines(tenant=scope.tenant, subjects=pair_by_subject, at=scope.at)
    return tuple(
        LegacyLine(pair_by_subject[subject].contact, line)
        for subject, line in lines.items()
        if line.is_live or line.is_registered
    )


def _system_name(scope: Scope) -> str:
    return str(KeySystem(scope.tenant.settings.key_system).label)
