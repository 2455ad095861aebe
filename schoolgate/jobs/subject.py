"""What an item of a job acts on, and how thousands of them are kept in little room."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple


class Subject(NamedTuple):
    """kind: a plain string such as "contact". id: our own id of a thing of that kind.

    addressee_id: for keys that open one thing and are made for another, whom it is made for (a household's key for one of
    its adults); None where that is the subject itself.
    """

    kind: str
    id: int
    addressee_id: int | None = None

    @property
    def addressee(self) -> int:
        """Our id of the person: a contact, or the student themself."""
        return self.id if self.addressee_id is None else self.addressee_id


def packed(subjects: Iterable[Subject]) -> list[Any]:
    """As JSON keeps them: [[kind, [id…], [addressee id…] or null]…], their order preserved."""
    found: list[Any] = []
    for (kind, is_itself), some in groupby(subjects, key=lambda each: (each.kind, each.addressee_id is None)):
        run = list(some)
        found.append([kind, [each.id for each in run], None if is_itself else [each.addressee_id for each in run]])
    return found


def unpacked(kept: Sequence[Any]) -> list[Subject]:
    """The inverse of `packed`."""
    found: list[Subject] = []
    for kind, ids, addressees in kept:
        if addressees is None:
            found.extend(Subject(kind, pk) for pk in ids)
        else:
            found.extend(Subject(kind, pk, addressee) for pk, addressee in zip(ids, addressees, strict=True))
    return found
