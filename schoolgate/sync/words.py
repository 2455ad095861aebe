"""Changes of the directory in words, for the preview and for history: what, before and after, who saved it, why (R-DS-01)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from schoolgate.enrolments.models import Contact, How, Student
from schoolgate.sync.diff import as_moment
from schoolgate.sync.kinds import KIND_BY_NAME, Kind
from schoolgate.tenancy.models import School, Tenant, User, UserKind

Columns = Mapping[str, Any]  # A row of the directory by column, as the database has it.

# Columns whose values may be shown, and those of which only the name is: an address can be somebody's secret (E-20).
_SHOWN = {
    "school_id": gettext_lazy("School"),
    "second_school_id": gettext_lazy("Second school"),
    "student_no": gettext_lazy("Student Id"),
    "contact_no": gettext_lazy("Contact ID"),
    "type": gettext_lazy("Type"),
    "title": gettext_lazy("Title"),
    "family_name": gettext_lazy("Family name"),
    "given_name": gettext_lazy("Given name"),
    "middle_name": gettext_lazy("Middle name"),
    "preferred_name": gettext_lazy("Preferred name"),
    "name": gettext_lazy("Name"),
    "year_level": gettext_lazy("Year level"),
    "roll_class": gettext_lazy("Roll class"),
    "email": gettext_lazy("Email"),
    "is_active": gettext_lazy("Status"),
    "language": gettext_lazy("Language"),
    "basis": gettext_lazy("Basis"),
    "relationship": gettext_lazy("Relationship"),
    "order": gettext_lazy("Order"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("Until"),
}
_NAMED = {
    "birth_date": gettext_lazy("Date of birth"),
    "mobile": gettext_lazy("Phone"),
    "phone_home": gettext_lazy("Phone"),
    "phone_work": gettext_lazy("Phone"),
    "address_1": gettext_lazy("Address"),
    "address_2": gettext_lazy("Address"),
    "town": gettext_lazy("Address"),
    "region": gettext_lazy("Address"),
    "postcode": gettext_lazy("Address"),
    "country": gettext_lazy("Address"),
    "needs_interpreter": gettext_lazy("Interpreter"),
    "email_usable": gettext_lazy("Email can be written to"),
    "lives_with": gettext_lazy("Lives with"),
    "household_id": gettext_lazy("Household"),
    "portal_access": gettext_lazy("Has Portal Access"),
}


@dataclass(frozen=True)
class Fact:
    """One changed row as the database has it: what words are made of. before, after: None where there is no such row."""

    kind: str
    object_id: int
    op: str
    student_id: int | None
    contact_id: int | None
    link_before: bool
    link_after: bool
    why: str
    saved_by_id: int | None
    saved_at: datetime | None
    before: Columns | None
    after: Columns | None
    left_out: bool = False
    left_before: bool = False


@dataclass(frozen=True)
class Change:
    """One change for a person to read. sentence: what happens, whole. before, after: short, for a table.

    opens, closes: a link comes, or goes. may_wait: it can be left out of the sync. student_id, contact_id: whom it is about.
    """

    kind: str
    object_id: int
    op: str
    sentence: str
    before: str
    after: str
    student: str
    contact: str
    school: str
    school_ids: Collection[int]
    student_id: int | None
    contact_id: int | None
    opens: bool
    closes: bool
    why: str
    saved_by: str
    saved_at: datetime | None
    left_out: bool
    left_before: bool
    may_wait: bool


def changes_in_words(tenant: Tenant, rows: Sequence[Sequence[Any]]) -> list[Change]:
    """Rows of ``sync_diff`` in words; up to two queries for each kind among them, and three for names."""
    ids_by_kind: dict[str, list[int]] = {}
    for row in rows:
        ids_by_kind.setdefault(row[0], []).append(row[1])
    before = {name: _published(tenant, KIND_BY_NAME[name], ids) for name, ids in ids_by_kind.items()}
    after = {name: _working(tenant, KIND_BY_NAME[name], ids) for name, ids in ids_by_kind.items()}
    return in_words(
        tenant,
        [
            Fact(
                kind=kind,
                object_id=object_id,
                op=op,
                student_id=student_id if kind != "student" else object_id,
                contact_id=contact_id if kind != "contact" else object_id,
                link_before=bool(link_before),
                link_after=bool(link_after),
                why=why,
                saved_by_id=saved_by_id,
                saved_at=as_moment(saved_at),
                before=before[kind].get(object_id),
                after=after[kind].get(object_id) if op != "removed" else None,
                left_out=bool(left_out),
                left_before=bool(left_before),
            )
            for (
                kind, object_id, op, student_id, contact_id, link_before, link_after, _active_before, _active_after,
                why, saved_by_id, saved_at, left_out, left_before,
            ) in rows
        ],
    )  # fmt: skip


def in_words(tenant: Tenant, facts: Sequence[Fact]) -> list[Change]:
    """Each fact in words, in order; three queries for names."""
    names = _Names(tenant, facts)
    return [_in_words(fact, names) for fact in facts]


class _Names:
    """Names of everybody and everything that some facts are about. Enrolments keeps them all: nothing is deleted there."""

    def __init__(self, tenant: Tenant, facts: Sequence[Fact]) -> None:
        students = Student.objects.for_tenant(tenant).select_related("school", "second_school")
        self.students = students.in_bulk({fact.student_id for fact in facts if fact.student_id})
        self.contacts = Contact.objects.for_tenant(tenant).in_bulk(
            {fact.contact_id for fact in facts if fact.contact_id}
        )
        self.schools = {school.pk: school.name for school in School.objects.for_tenant(tenant)}
        users = User.objects.for_tenant(tenant).filter(pk__in={fact.saved_by_id for fact in facts if fact.saved_by_id})
        self.users = {
            user.pk: _("The system") if user.kind == UserKind.SYSTEM else user.name or user.username for user in users
        }

    def student(self, id_: int | None) -> str:
        student = self.students.get(id_ or 0)
        return f"{student.preferred_name or student.given_name} {student.family_name}".strip() if student else ""

    def contact(self, id_: int | None) -> str:
        contact = self.contacts.get(id_ or 0)
        return f"{contact.given_name} {contact.family_name}".strip() if contact else ""


def _in_words(fact: Fact, names: _Names) -> Change:
    student, contact = names.student(fact.student_id), names.contact(fact.contact_id)
    opens = fact.link_after and not fact.link_before
    closes = fact.link_before and not fact.link_after
    pupil = names.students.get(fact.student_id or 0)
    before, after = _before_and_after(fact, names, opens=opens, closes=closes)
    who = {"student": student, "contact": contact}
    return Change(
        kind=fact.kind,
        object_id=fact.object_id,
        op=fact.op,
        sentence=_sentence(fact, who, opens=opens, closes=closes),
        before=before,
        after=after,
        student=student,
        contact=contact,
        school=pupil.school_names if pupil else "",
        school_ids=pupil.school_ids if pupil else (),
        student_id=fact.student_id,
        contact_id=fact.contact_id,
        opens=opens,
        closes=closes,
        why=why_in_words(fact.why),
        saved_by=names.users.get(fact.saved_by_id or 0, ""),
        saved_at=fact.saved_at,
        left_out=fact.left_out,
        left_before=fact.left_before,
        may_wait=fact.kind != "bar" or fact.op == "removed",
    )


def why_in_words(why: str) -> str:
    """import, hand or rule, for people."""
    words = {How.IMPORT: _("Import"), How.HAND: _("By hand"), How.RULE: _("By rule")}
    return words.get(How(why), why) if why in How.values else why


def _sentence(fact: Fact, who: Mapping[str, str], *, opens: bool, closes: bool) -> str:
    if opens:
        return _("%(contact)s will see %(student)s.") % who
    if closes:
        return _("%(contact)s will no longer see %(student)s.") % who
    columns = fact.after or fact.before or {}
    if fact.kind == "association":
        texts = {
            "added": _("%(contact)s is tied to %(student)s, without access."),
            "changed": _("The tie of %(contact)s with %(student)s changes."),
            "removed": _("%(contact)s is no longer tied to %(student)s."),
        }
        return texts[fact.op] % who
    if fact.kind == "bar":
        texts = {
            "added": _("%(contact)s is restricted from %(student)s."),
            "changed": _("The restriction between %(contact)s and %(student)s changes."),
            "removed": _("The restriction between %(contact)s and %(student)s is gone."),
        }
        return texts[fact.op] % who
    name = who.get(fact.kind) or columns.get("name") or _name_in(columns)
    if fact.kind == "household" and not name.strip():
        name = _("Household %(number)s") % {"number": columns.get("source_id", "")}
    texts = {"added": _("%(name)s is added."), "changed": _("%(name)s changes."), "removed": _("%(name)s is removed.")}
    if fact.op == "changed" and fact.before and fact.after and "is_active" in fact.after:
        was, is_ = bool(fact.before["is_active"]), bool(fact.after["is_active"])
        if was and not is_:
            return _("%(name)s leaves.") % {"name": name.strip()}
        if is_ and not was:
            return _("%(name)s comes back.") % {"name": name.strip()}
    return texts[fact.op] % {"name": name.strip()}


def _before_and_after(fact: Fact, names: _Names, *, opens: bool, closes: bool) -> tuple[str, str]:
    """What differs, column by column; for links, whether the child is seen."""
    if opens or closes:
        seen, unseen = pgettext("a link", "Sees"), pgettext("a link", "Doesn’t see")
        return (unseen, seen) if opens else (seen, unseen)
    if fact.before is None or fact.after is None:
        state = {"added": ("–", _("Published")), "removed": (_("Published"), "–")}
        return state.get(fact.op, ("–", "–"))
    was, is_ = [], []
    named: list[str] = []
    for column, value in fact.after.items():
        if _same(fact.before.get(column), value):
            continue
        if column in _SHOWN:
            was.append(f"{_SHOWN[column]}: {_value(column, fact.before.get(column), names)}")
            is_.append(f"{_SHOWN[column]}: {_value(column, value, names)}")
        elif column in _NAMED and str(_NAMED[column]) not in named:
            named.append(str(_NAMED[column]))
    is_ += [_("%(field)s: changed") % {"field": field} for field in named]
    return "; ".join(was) or "–", "; ".join(is_) or _("Saved again")


def _same(before: Any, after: Any) -> bool:
    """A feed's JSON has texts where a row has dates."""
    return before == after or (before is not None and after is not None and str(before) == str(after))


def _value(column: str, value: Any, names: _Names) -> str:
    if column in {"school_id", "second_school_id"}:
        return names.schools.get(value, "–")
    if column == "is_active":
        return _("Active") if value else _("Inactive")
    return str(value) if value not in {None, ""} else "–"


def _published(tenant: Tenant, kind: Kind, ids: Iterable[int]) -> dict[int, Columns]:
    rows = kind.published_rows(tenant).filter(pk__in=list(ids)).values()
    return {row["id"]: row for row in rows}


def _working(tenant: Tenant, kind: Kind, ids: Iterable[int]) -> dict[int, Columns]:
    """Rows of the working copy in the shape of the published ones, but for the flag, which the difference knows."""
    copied = [column for column in kind.columns if column not in kind.computed]
    extra = ["state"] if "is_active" in kind.computed else []
    found: dict[int, Columns] = {}
    for row in kind.working_rows(tenant).filter(pk__in=list(ids)).values("id", *copied, *extra):
        if extra:
            row["is_active"] = row.pop("state") == "active"
        found[row["id"]] = row
    return found


def _name_in(columns: Mapping[str, object]) -> str:
    return f"{columns.get('given_name', '')} {columns.get('family_name', '')}"
