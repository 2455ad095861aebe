"""What has gone by: each id once, with its line and its content, small enough for a whole district in memory."""

from array import array
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.findings import Findings, Message
from schoolgate.enrolments.roster.table import Table

Key = TypeVar("Key", bound=Hashable)


class Seen(Generic[Key]):
    """Ids in the order they came, each with an ordinal from 0. A hundred thousand take some 15 MB.

    An id may be mentioned by somebody else's row before its own row comes, or without one ever coming.
    """

    def __init__(self) -> None:
        self.ordinals: dict[Key, int] = {}
        self._lines = array("L")
        self._contents = array("q")

    def mention(self, key: Key) -> int:
        """Its ordinal, new if need be."""
        new = len(self._lines)
        ordinal = self.ordinals.setdefault(key, new)
        if ordinal == new:
            self._lines.append(0)
            self._contents.append(0)
        return ordinal

    def line_of(self, ordinal: int) -> int:
        """Where its own row stood; 0 for one that was only mentioned."""
        return self._lines[ordinal]

    def has(self, key: Key) -> bool:
        """True when its own row has come."""
        ordinal = self.ordinals.get(key)
        return ordinal is not None and self._lines[ordinal] > 0

    def add(self, key: Key, line: int, content: int = 0) -> bool:
        """True the first time its own row comes. content: a hash, to tell a repetition from a contradiction."""
        ordinal = self.mention(key)
        if self._lines[ordinal]:
            return False
        self._lines[ordinal] = line
        self._contents[ordinal] = content
        return True

    def content_of(self, key: Key) -> int:
        """The hash its first row came with."""
        return self._contents[self.ordinals[key]]

    def enter(self, key: Key, cells: Hashable, *, table: Table, line: int, column: str, shown: str) -> bool:
        """``add``, with a finding when the row was there before: a warning if it said the same, else an error."""
        content = hash(cells)
        if self.add(key, line, content):
            return True
        is_same = self.content_of(key) == content
        message = messages.ID_DUPLICATE_SAME if is_same else messages.ID_DUPLICATE_OTHER
        table.report(message, line, column, shown, first_line=self.line_of(self.ordinals[key]))
        return False

    def entered(self) -> Iterator[tuple[Key, int]]:
        """Each id whose own row came, with its ordinal."""
        return ((key, ordinal) for key, ordinal in self.ordinals.items() if self._lines[ordinal])


class Flags:
    """One bit of news for each ordinal: who has occurred in a tie."""

    def __init__(self) -> None:
        self._set = bytearray()
        self.count = 0

    def raise_for(self, ordinal: int) -> None:
        """Note it, once."""
        if ordinal >= len(self._set):
            self._set.extend(bytes(ordinal + 1 - len(self._set)))
        if not self._set[ordinal]:
            self._set[ordinal] = 1
            self.count += 1

    def is_raised(self, ordinal: int) -> bool:
        """Was it noted?"""
        return ordinal < len(self._set) and self._set[ordinal] == 1


def report_lonely(findings: Findings, message: Message, file: str, seen: Seen[str], tied: Flags) -> None:
    """Tell of each person of a file who occurs in no tie."""
    for id_, ordinal in seen.entered():
        if not tied.is_raised(ordinal):
            findings.add(message, file=file, line=seen.line_of(ordinal), value=id_)


class PeopleChecks:
    """Doubts about people that need all rows of a kind: shared inboxes, one child twice."""

    def __init__(self) -> None:
        # Hashes instead of the texts: two of 100,000 clash once in a hundred million files.
        self._emails: set[int] = set()
        self._births: dict[int, int] = {}

    def contact_email(self, table: Table, line: int, column: str, email: str | None) -> None:
        """A note where another contact has the same address."""
        if email:
            key = hash(email.casefold())
            if key in self._emails:
                table.report(messages.SAME_EMAIL, line, column, email)
            self._emails.add(key)

    def student_birth(
        self, table: Table, line: int, column: str, *, family_name: str, given_name: str, birth_on: object
    ) -> None:
        """A warning where another student has the same name and birth date."""
        if birth_on is not None:
            first = self._births.setdefault(hash((family_name.casefold(), given_name.casefold(), birth_on)), line)
            if first != line:
                table.report(
                    messages.SAME_NAME_AND_BIRTH, line, column, f"{given_name} {family_name}", first_line=first
                )
