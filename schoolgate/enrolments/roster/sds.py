"""What all versions of Microsoft School Data Sync CSV share (Microsoft Learn; ``rostering.md`` §4).

Flags of health and poverty (userFlags.csv) and passwords are never read.
"""

from collections.abc import Iterator, Sequence

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import Column
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.enrolments.roster.rows import (
    DateOrder,
    ReadOptions,
    Row,
)
from schoolgate.enrolments.roster.schools import Orgs
from schoolgate.enrolments.roster.seen import PeopleChecks, Seen
from schoolgate.enrolments.roster.table import Table

_ANYTHING = ("*",)


class Sds:
    """What all versions share: opening their files, checking references to classes."""

    def __init__(self, files: RosterFiles, options: ReadOptions, findings: Findings) -> None:
        self._files = files
        self._options = options
        self._findings = findings
        self._orgs = Orgs()
        self._checks = PeopleChecks()

    def _table(
        self,
        name: str,
        columns: Sequence[Column],
        also_known: Sequence[str] = _ANYTHING,
        *,
        rows_needed: bool = False,
        is_needed: bool = False,
    ) -> Table | None:
        file = self._files.name_of(name)
        if file is None:
            if is_needed:
                self._findings.add(messages.FILE_NEEDED, file=name)
            return None
        return Table(
            self._files,
            file,
            columns,
            self._findings,
            self._options,
            exact=True,
            also_known=also_known,
            rows_needed=rows_needed,
            date_order=DateOrder.MONTH_FIRST,
        )

    def _check_members(
        self, members: Table | None, sections: set[str] | None, where: str, people: Seen[str], people_file: str
    ) -> None:
        """Every row of a file of classes' members names a class and a person that exist."""
        if members is None:
            return
        class_column, person_column = members.columns[0].name, members.columns[1].name
        for line, (section, person) in members.rows():
            if section and sections is not None and section not in sections:
                members.report(messages.ID_UNKNOWN, line, class_column, section, where=where)
            if person and not people.has(person):
                members.report(messages.ID_UNKNOWN, line, person_column, person, where=people_file)

    def _school_of(self, table: Table, line: int, column: str, org: str | None, where: str) -> Iterator[Row]:
        """The school's row the first time somebody belongs to it; a finding if there is no such school."""
        if org and org not in self._orgs:
            table.report(messages.ID_UNKNOWN, line, column, org, where=where)
        elif org:
            yield from self._orgs.use(org)
