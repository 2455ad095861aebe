"""A family at a time: children, the adults around them, households, ties, and now and then a court order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from schoolgate.enrolments.roster_make.adults import CHILDREN, TIES, Part, Setting, draw_parts, draw_setting
from schoolgate.enrolments.roster_make.chance import Chance, Weighted
from schoolgate.enrolments.roster_make.names import Name
from schoolgate.enrolments.roster_make.people import Contact, Family, Household, Restriction, Student, Tie
from schoolgate.enrolments.roster_make.persons import Registry, Voice
from schoolgate.enrolments.roster_make.schools import Places

CONTACTS_PER_STUDENT = 1.8
_WORDS = Weighted(("no_contact", 40.0), ("no_access", 30.0), ("supervised", 20.0), ("no_portal", 10.0))
_NOTES = [
    "Interim order; a copy is in the office.",
    "Final order; a copy is in the office.",
    "Ask the principal first.",
]


class FamilyMaker:
    """Makes families until an area's places are taken, and keeps contacts at 1.8 for each student."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.chance: Chance = registry.chance

    def family(self, places: Places, *, share_of_others: float, is_hard_to_reach: bool) -> Family:
        """An ordinary family. is_hard_to_reach: of an area where a quarter has no e-mail."""
        chance = self.chance
        voice = self.registry.voice(share_of_others)
        surname, home = voice.surname(chance), self.registry.household()
        students = self.children(voice, surname, home, places, count=min(chance.weighted(CHILDREN), places.left))
        setting = draw_setting(chance)
        enters_each_apart = len(students) > 1 and places.left > 0 and self._ahead <= 0 and chance.happens(0.06)
        parts = draw_parts(setting, self._number_of_contacts(places), chance)
        if enters_each_apart:
            parts = parts[: 6 // len(students)]
        away = self.registry.household() if any(part.is_elsewhere for part in parts) else None
        family = Family(students)
        no_emails = chance.happens(0.25 if is_hard_to_reach else 0.04)
        groups = [[student] for student in students] if enters_each_apart else [students]
        for group in groups:
            contacts = [
                self.adult(voice, surname, part, home, away, rank=rank, has_no_email=no_emails)
                for rank, part in enumerate(parts)
            ]
            family.contacts += contacts
            for student in group:
                family.ties += self.ties(student, contacts, parts, setting, away)
        self._share_mailboxes(family, parts)
        self._employ(family, parts)
        if away is not None and chance.happens(0.066):
            self.restrict(family, parts)
        return family

    def children(self, voice: Voice, surname: Name, home: Household, places: Places, *, count: int) -> list[Student]:
        """Brothers and sisters one to four years apart; in 3 of 100 families twins."""
        chance = self.chance
        level, birthday = places.some_level(), chance.below(365)
        twins = count > 1 and chance.happens(0.03)
        taken: set[str] = set()
        children: list[Student] = []
        for position in range(count):
            if position and not (twins and position == 1):
                step = chance.weighted(Weighted((1, 30.0), (2, 40.0), (3, 20.0), (4, 10.0)))
                level = level + step if level < 6 else level - step
                birthday = max(0, min(364, birthday + chance.between(-40, 40)))
            child = self.registry.student(
                voice, surname, home, places, level=max(0, min(12, level)), birthday=birthday, taken=taken
            )
            children.append(child)
        return children

    def adult(
        self,
        voice: Voice,
        surname: Name,
        part: Part,
        home: Household,
        away: Household | None,
        *,
        rank: int,
        has_no_email: bool = False,
    ) -> Contact:
        """Somebody who plays this part. Of the first 7 % have no e-mail, of the second 15, of others 45."""
        chance = self.chance
        household = home if part.is_home else away if part.is_elsewhere else None
        lives_at = household
        if household is None and chance.happens(0.8):
            lives_at = self.registry.household()
        own = surname if chance.happens(part.bears_surname) else voice.surname(chance)
        missing = (0.07, 0.15)[rank] if rank < 2 else 0.45
        has_email = not has_no_email and not chance.happens(missing)
        return self.registry.contact(
            voice, own, part.gender, household=household, lives_at=lives_at, has_email=has_email
        )

    def ties(
        self,
        student: Student,
        contacts: Sequence[Contact],
        parts: Sequence[Part],
        setting: Setting,
        away: Household | None,
    ) -> list[Tie]:
        """The ties of one child, in order; a child of two households has an order in each."""
        ties = []
        order = order_away = 0
        for contact, part in zip(contacts, parts, strict=True):
            in_second = setting.is_shared and part.is_elsewhere and away is not None
            if in_second:
                order_away += 1
            else:
                order += 1
            lives_with = part.is_home or in_second
            is_parent = part.is_guardian or part.is_home
            ties.append(
                Tie(
                    student=student,
                    contact=contact,
                    relationship=part.relationship,
                    order=order_away if in_second else order,
                    is_household=lives_with,
                    lives_with=lives_with,
                    legal_guardian=True if part.is_guardian else None,
                    emergency=True if not is_parent or self.chance.happens(0.6) else None,
                    pickup=True if self.chance.happens(0.9 if is_parent else 0.6) else None,
                    receives_mail=True if is_parent else None,
                    receives_reports=True if part.is_guardian else None,
                    receives_portal_access=self._stated_access(part),
                )
            )
        return ties

    def restrict(self, family: Family, parts: Sequence[Part], *, students: Sequence[Student] | None = None) -> None:
        """A court order against the parent elsewhere, for all children or for one of them.

        One in five has the same mailbox as an allowed parent; one in six is not in force: to come, or over.
        """
        chance = self.chance
        relationship = next(part.relationship for part in parts if part.is_elsewhere)
        if students is None:
            students = family.students if chance.happens(0.7) else [chance.pick(family.students)]
        restriction = self.court_order()
        barred_ids = {student.id for student in students}
        first_emails = [tie.contact.email for tie in family.ties if tie.is_household and tie.contact.email]
        shares = chance.happens(0.2) and first_emails
        for tie in family.ties:
            if tie.relationship == relationship and tie.student.id in barred_ids:
                tie.restriction = restriction
                tie.receives_portal_access = None
                if shares:
                    tie.contact.email = first_emails[0]

    def court_order(self, *, in_force: bool | None = None) -> Restriction:
        chance = self.chance
        today = self.registry.as_of
        note = chance.pick(_NOTES) if chance.happens(0.6) else ""
        word = chance.weighted(_WORDS)
        if in_force or (in_force is None and not chance.happens(0.17)):
            starts_on = today - timedelta(days=chance.between(10, 1400))
            ends_on = today + timedelta(days=chance.between(90, 1500)) if chance.happens(0.4) else None
            return Restriction(word, starts_on, ends_on, note)
        if chance.happens(0.5):
            return Restriction(word, today + timedelta(days=chance.between(20, 300)), None, note)
        ended_on = today - timedelta(days=chance.between(5, 400))
        return Restriction(word, ended_on - timedelta(days=365), ended_on, note)

    @property
    def _ahead(self) -> int:
        """How many contacts there are beyond 1.8 for each student; below 0: how many are missing."""
        return round(self.registry.contacts - CONTACTS_PER_STUDENT * self.registry.students)

    def _number_of_contacts(self, places: Places) -> int:
        """From the table of ties, leaning back to 1.8 contacts for each student where chance has led away."""
        wanted = self.chance.weighted(TIES)
        ahead = self._ahead
        if not places.left:
            return max(1, min(6, -ahead))  # The last family of an area sets it right.
        if wanted and ahead > 2:
            return max(1, wanted - min(3, ahead // 3))
        return wanted + min(3, max(0, -ahead // 4 - 1))

    def _stated_access(self, part: Part) -> bool | None:
        """Mostly left to the school's policy; a few grandparents are let in, a few parents asked to be left out."""
        if part.relationship in {"grandmother", "grandfather"} and self.chance.happens(0.08):
            return True
        return False if part.is_guardian and self.chance.happens(0.005) else None

    def _share_mailboxes(self, family: Family, parts: Sequence[Part]) -> None:
        """One inbox for a couple in 4 of 100; a child with a parent's address in 1 of 100."""
        pair = family.contacts[:2]
        if len(parts) > 1 and parts[1].is_home and pair[0].email and self.chance.happens(0.04):
            pair[1].email = pair[0].email
        if pair and pair[0].email and self.chance.happens(0.01):
            family.students[0].email = pair[0].email

    def _employ(self, family: Family, parts: Sequence[Part]) -> None:
        """Some parents teach here: 2 of 100 of the staff."""
        if parts and parts[0].is_guardian and self.chance.happens(0.0022):
            family.contacts[0].teaches = family.students[0].school


def without_names(contact: Contact) -> Contact:
    """For formats that ask for a forename: who has one name is written with it twice."""
    return contact if contact.given_name else replace(contact, given_name=contact.family_name)
