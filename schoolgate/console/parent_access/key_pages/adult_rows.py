"""The rows of one page where a row is a household or a student: its adults, each with their own key (portal-console §4).

As many statements for 250 rows as for one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.chosen import name_of
from schoolgate.console.parent_access.key_pages.grid import rows_in
from schoolgate.console.parent_access.key_pages.row_states import state_of
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.console.parent_access.key_pages.states import LOOKS, GridState, Look, key_state, state_label
from schoolgate.console.parent_access.key_pages.subjects import subjects_in
from schoolgate.directory.models import DirectoryAssociation, DirectoryContact
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import beyond_tries
from schoolgate.keys.models import AccessKey, KeyState, Tie
from schoolgate.keys.subjects import subject_of
from schoolgate.letters.queries import newest_message_by_key


@dataclass(frozen=True)
class Adult:
    """An adult of a row with their own key. selector: of the live key, "" without one. state: as a word."""

    subject: Subject
    name: str
    email: str
    is_usable: bool
    usernames: tuple[str, ...]
    selector: str
    state: GridState


@dataclass(frozen=True)
class AdultsRow:
    """One household, or one student. place: of the student, their year and class. other_students: that the member may not see."""

    pk: int
    number: str
    name: str
    place: str
    adults: tuple[Adult, ...]
    students: tuple[str, ...]
    other_students: int
    state: GridState
    label: str
    look: Look
    fact: str

    @property
    def has_live_key(self) -> bool:
        return any(adult.selector for adult in self.adults)


def adult_rows_of(scope: Scope, row_ids: Sequence[int]) -> list[AdultsRow]:
    """The rows of these households or students, in this order."""
    found = rows_in(scope).filter(pk__in=row_ids).annotate(state=state_of(scope, only=row_ids))
    rows = {row.pk: row for row in found}
    adults = _adults(scope, row_ids)
    students, hidden = _students(scope, row_ids)
    return [
        _row(scope, rows[pk], adults[pk], students[pk], hidden[pk]) for pk in row_ids if pk in rows
    ]  # Some may be gone since the page's ids were read.


def _row(scope: Scope, row: Any, adults: Sequence[Adult], students: Sequence[str], hidden: int) -> AdultsRow:
    state = GridState(row.state)
    year_and_class = [getattr(row, "year_level", ""), getattr(row, "roll_class", "")]
    return AdultsRow(
        pk=row.pk,
        number=getattr(row, scope.scheme.number),
        name=name_of(row),
        place=" · ".join(filter(None, year_and_class)),
        adults=tuple(adults),
        students=tuple(students),
        other_students=hidden,
        state=state,
        label=state_label(state, scope.scheme),
        look=LOOKS[state],
        fact=_fact(state, adults),
    )


def _fact(state: GridState, adults: Sequence[Adult]) -> str:
    """How many of its adults are connected, where not all of them are."""
    if state == GridState.NO_STUDENTS:
        return _("No access turned on")
    connected = sum(1 for adult in adults if adult.usernames)
    if not connected or connected == len(adults):
        return ""
    said = ngettext("%(n)s of %(all)s adult connected", "%(n)s of %(all)s adults connected", len(adults))
    return said % {"n": connected, "all": len(adults)}


def _adults(scope: Scope, row_ids: Sequence[int]) -> Mapping[int, list[Adult]]:
    subjects = subjects_in(scope, row_ids)
    addressees = {subject.addressee for subject in subjects}
    contacts = DirectoryContact.objects.for_tenant(scope.tenant).in_bulk(addressees)
    keys, ties = _newest_keys(scope, row_ids), _usernames(scope, row_ids)
    messages = newest_message_by_key(tenant=scope.tenant, keys=_keys_of(scope, row_ids))
    limit, beyond = scope.tenant.settings.failed_tries, beyond_tries(tenant=scope.tenant, at=scope.at)
    found: dict[int, list[Adult]] = defaultdict(list)
    for subject in subjects:
        contact = contacts.get(subject.addressee)
        if contact is None:  # Gone; the keys follow soon.
            continue
        key = keys.get(subject)
        is_live = key is not None and key.state == KeyState.LIVE and key.expires_at > scope.at
        usernames = tuple(ties.get(subject, ()))
        found[subject.id].append(
            Adult(
                subject=subject,
                name=contact.shown_name,
                email=contact.email,
                is_usable=contact.email_usable,
                usernames=usernames,
                selector=key.selector if key is not None and is_live else "",
                state=key_state(
                    key if is_live else None,
                    key,
                    is_locked=key is not None
                    and (key.locked_at is not None or key.failures >= limit or key.pk in beyond),
                    is_connected=bool(usernames),
                    message=messages.get(key.pk) if key else None,
                ),
            )
        )
    return found


def _keys_of(scope: Scope, row_ids: Collection[int]) -> QuerySet[AccessKey]:
    return AccessKey.objects.for_tenant(scope.tenant).filter(subject_kind=scope.scheme.kind, subject_id__in=row_ids)


def _newest_keys(scope: Scope, row_ids: Collection[int]) -> dict[Subject, AccessKey]:
    return {subject_of(key): key for key in _keys_of(scope, row_ids).defer("sealed", "mac").order_by("pk")}


def _usernames(scope: Scope, row_ids: Collection[int]) -> Mapping[Subject, list[str]]:
    ties = Tie.objects.for_tenant(scope.tenant).standing().select_related("account").order_by("-since", "pk")
    found: dict[Subject, list[str]] = defaultdict(list)
    for tie in ties.filter(subject_kind=scope.scheme.kind, subject_id__in=row_ids):
        found[subject_of(tie)].append(tie.account.username)
    return found


def _students(scope: Scope, row_ids: Collection[int]) -> tuple[Mapping[int, list[str]], Mapping[int, int]]:
    """Of households: the students that some adult of theirs sees, by name; and how many of them the member may not see."""
    names: dict[int, list[str]] = defaultdict(list)
    hidden: dict[int, int] = defaultdict(int)
    if scope.scheme.column == "student_id":
        return names, hidden
    of_page = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(household_id__in=row_ids)
    links = of_page.links(today=scope.today).filter(pk=OuterRef("pk"))
    pairs = of_page.filter(Exists(links)).select_related("student").order_by("student__sort_name", "student_id")
    seen: set[tuple[int, int]] = set()
    for pair in pairs:
        household_id = pair.household_id or 0
        if (household_id, pair.student_id) in seen:
            continue
        seen.add((household_id, pair.student_id))
        if not pair.student.is_at(scope.schools):
            hidden[household_id] += 1
        else:
            names[household_id].append(pair.student.shown_name)
    return names, hidden
