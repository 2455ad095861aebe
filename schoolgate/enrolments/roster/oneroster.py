"""OneRoster CSV 1.0, 1.1 and 1.2 (1EdTech, CSV Tables 1.1.1 and CSV binding 1.2.1; ``rostering.md`` §2, §3).

People stand in users.csv; who they are, in its role (1.0, 1.1) or in roles.csv (1.2). Ties are agentSourcedIds, filled on
either side or both. Passwords, identifiers of other systems and whatever else we don't need are never taken in.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import IntFlag

from schoolgate.enrolments.roster import messages
from schoolgate.enrolments.roster.cells import Column, Kind
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings, Message
from schoolgate.enrolments.roster.left_out import Whose
from schoolgate.enrolments.roster.oneroster_shape import (
    CLASS_COLUMNS,
    CLASSES,
    CONTACT_ROLES,
    DEMOGRAPHIC_COLUMNS,
    DEMOGRAPHICS,
    ENROLLMENT_COLUMNS,
    ENROLLMENTS,
    KNOWN,
    MANIFEST,
    METADATA,
    ORG_COLUMNS,
    ORGS,
    ROLE_COLUMNS,
    ROLES,
    STAFF_ROLES,
    USER_COLUMNS,
    USER_KNOWN,
    USERS,
)
from schoolgate.enrolments.roster.rows import (
    Absence,
    AssociationRow,
    ContactRow,
    Coverage,
    Reading,
    ReadOptions,
    RollClassRow,
    Row,
    SchoolRow,
    StaffRow,
    StudentRow,
)
from schoolgate.enrolments.roster.schools import Orgs, has_ended, school_number
from schoolgate.enrolments.roster.seen import Flags, PeopleChecks, Seen
from schoolgate.enrolments.roster.table import Table

WHOSE = {USERS: Whose("sourcedId", "sourcedId")}


class Who(IntFlag):
    """What a user is; one may be several (a teacher who is a guardian)."""

    NOBODY = 0
    STUDENT = 1
    CONTACT = 2
    STAFF = 4


@dataclass(frozen=True, slots=True)
class Roles:
    """What one user is, and where. Few distinct ones exist, so they are shared."""

    who: Who = Who.NOBODY
    schools: tuple[str, ...] = ()  # A student's, the main one first.
    past_school: str = ""  # Where somebody was a student, for one who is nowhere now.
    relationship: str = ""  # A contact's role word.
    staff_role: str = ""
    staff_schools: tuple[str, ...] = ()


def reader(version: str) -> Callable[[RosterFiles, ReadOptions, Findings], Reading]:
    """The reader of one version."""

    def read(files: RosterFiles, options: ReadOptions, findings: Findings) -> Reading:
        """Start reading; the rows come when asked for."""
        return _OneRoster(version, files, options, findings).reading

    return read


class _OneRoster:
    def __init__(self, version: str, files: RosterFiles, options: ReadOptions, findings: Findings) -> None:
        self._version = version
        self._files = files
        self._options = options
        self._findings = findings
        self._orgs = Orgs()
        self._users: Seen[str] = Seen()
        self._who = bytearray()
        self._relationships: list[str] = []  # By the user's ordinal; the words are shared.
        self._agents = array("Q")  # Who names whom: two ordinals in one number, with the line beside it.
        self._agent_lines = array("L")
        self._births: dict[str, date] = {}
        self._roles: dict[str, Roles] = {}
        self._shared_roles: dict[Roles, Roles] = {}
        self._modes: dict[str, str] = {}
        self._newest = ""
        self._tied = Flags()
        self.reading = Reading(
            rows=self._rows(),
            coverage=Coverage(
                Absence.SAYS_NOTHING, students=True, contacts=True, associations=True, staff=True, has_role_words=True
            ),
            newest_at=files.newest_at,
            files={SchoolRow: ORGS, RollClassRow: ENROLLMENTS},
        )
        self.reading.files.update(dict.fromkeys((StudentRow, ContactRow, StaffRow, AssociationRow), USERS))

    def _table(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        also_known: Sequence[str] = ("*",),
        findings: Findings | None = None,
    ) -> Table | None:
        """One file opened, unless it is absent or the manifest says so."""
        file = self._files.name_of(name)
        if file is None or self._modes.get(name.casefold(), "bulk") == "absent":
            return None
        return Table(
            self._files,
            file,
            columns,
            self._findings if findings is None else findings,
            self._options,
            exact=True,
            also_known=also_known,
            commas_only=True,
            rows_needed=name in {ORGS, USERS} or self._modes.get(name.casefold()) == "bulk",
        )

    def _rows(self) -> Iterator[Row]:
        if not self._read_manifest():
            return
        needed = [ORGS, USERS, ROLES] if self._version == "1.2" else [ORGS, USERS]
        tables = {name: self._table(name, columns, also_known=also) for name, columns, also in (
            (ORGS, ORG_COLUMNS, ("status", "parentSourcedId", METADATA)),
            (DEMOGRAPHICS, DEMOGRAPHIC_COLUMNS, ("*",)),
            (ROLES, ROLE_COLUMNS, ("sourcedId", "beginDate", "userProfileSourcedId", METADATA)),
            (USERS, self._user_columns(), USER_KNOWN),
        ) if name != ROLES or self._version == "1.2"}  # fmt: skip
        for name in needed:
            if tables[name] is None and name.casefold() not in self._modes:
                self._findings.add(messages.FILE_NEEDED, file=name)
        if (orgs := tables[ORGS]) is not None:
            yield from self._read_orgs(orgs)
        if (demographics := tables[DEMOGRAPHICS]) is not None:
            self._read_demographics(demographics)
        if (roles := tables.get(ROLES)) is not None:
            yield from self._read_roles(roles)
        if (users := tables[USERS]) is not None and (self._version != "1.2" or tables[ROLES] is not None):
            yield from self._read_users(users)
            yield from self._read_ties(users)
            self._report_unknown(DEMOGRAPHICS, DEMOGRAPHIC_COLUMNS[0], self._births)
            self._report_unknown(ROLES, ROLE_COLUMNS[0], self._roles)
            yield from self._read_classes()
        self._finish()

    def _user_columns(self) -> Sequence[Column]:
        """By version: who somebody is stands in users.csv, or in roles.csv."""
        if self._version == "1.2":
            return USER_COLUMNS
        needed = {
            "orgSourcedIds": Column("orgSourcedIds", Kind.LIST, needed=True),
            "role": Column("role", needed=True, filled=True),
        }
        return [needed.get(column.name, column) for column in USER_COLUMNS]

    def _read_manifest(self) -> bool:
        """Which files it promises. False when nothing may be read: changes only, or a version not known."""
        file = self._files.name_of(MANIFEST)
        if file is None:
            if self._version != "1.0":
                self._cover(Absence.WITHIN_SCHOOLS)
            return True
        table = Table(
            self._files,
            file,
            (Column("propertyName", needed=True), Column("value", needed=True)),
            self._findings,
            self._options,
            exact=True,
            also_known=("*",),
            commas_only=True,
        )
        is_good = True
        for line, (name, value) in table.rows():
            folded = (name or "").casefold()
            if folded == "oneroster.version" and (value or "").rstrip("0").rstrip(".") not in {"1", "1.1", "1.2"}:
                table.report(messages.VERSION_UNKNOWN, line, "value", value or "")
                is_good = False
            if folded.startswith("file."):
                is_good = self._note_mode(table, line, name.partition(".")[2], (value or "").casefold()) and is_good
        if self._version != "1.0":
            self._cover(Absence.GONE)
        return is_good

    def _note_mode(self, table: Table, line: int, name: str, mode: str) -> bool:
        csv_name = f"{name}.csv"
        self._modes[csv_name.casefold()] = mode
        if mode == "delta":
            self._findings.add(messages.FILE_DELTA, file=self._files.name_of(csv_name) or csv_name)
            return False
        if mode == "bulk":
            if self._files.name_of(csv_name) is None:
                self._findings.add(messages.FILE_MISSING, file=csv_name)
            elif csv_name.casefold() in KNOWN:
                self._check_not_empty(csv_name)
        elif mode != "absent":
            table.report(messages.CELL_ENUM, line, "value", mode, allowed="absent, bulk, delta")
        return True

    def _check_not_empty(self, name: str) -> None:
        """A file that the manifest promises must have rows, even one that is of no use to us."""
        table = self._table(name, (Column("sourcedId"),))
        if table is not None:
            for _ in table.rows():
                return

    def _cover(self, absence: Absence) -> None:
        self.reading.coverage = replace(self.reading.coverage, absence=absence)

    def _note_modified(self, moment: str | None) -> None:
        if moment and moment > self._newest:
            self._newest = moment

    def _finish(self) -> None:
        try:
            newest = datetime.fromisoformat(self._newest)
        except ValueError:
            return
        self.reading.newest_at = newest if newest.tzinfo else newest.replace(tzinfo=UTC)

    def _read_orgs(self, table: Table) -> Iterator[Row]:
        seen: Seen[str] = Seen()
        for line, cells in table.rows():
            id_, modified, name, type_, identifier = cells
            self._note_modified(modified)
            if id_ and seen.enter(id_, cells, table=table, line=line, column="sourcedId", shown=id_):
                is_school = (type_ or "").casefold() == "school"
                yield from self._orgs.add(line, id_, name, school_number(identifier, id_), is_school=is_school)

    def _read_demographics(self, table: Table) -> None:
        for _, (id_, modified, birth_on) in table.rows():
            self._note_modified(modified)
            if id_ and birth_on is not None:
                self._births[id_] = birth_on

    def _read_roles(self, table: Table) -> Iterator[Row]:
        primary: set[str] = set()  # Students whose primary school is known.
        for line, (user, is_current, modified, is_primary, role, stated, last_day) in table.rows():
            self._note_modified(modified)
            if not user or not role or is_current is False:
                continue
            org = stated if self._is_org(table, line, "orgSourcedId", stated, messages.ID_UNKNOWN) else ""
            before = self._roles.get(user, Roles())
            if role.casefold() == "student" and has_ended(last_day, self._options.today):
                found = replace(before, who=before.who | Who.STUDENT, past_school=before.past_school or org)
            else:
                found = self._with_role(table, line, before, role, (org,) if org else ())
                if role.casefold() == "student" and is_primary and user not in primary:
                    primary.add(user)
                    found = replace(found, schools=tuple(dict.fromkeys((org, *found.schools))))
            self._roles[user] = self._shared_roles.setdefault(found, found)
            if org and role.casefold() not in CONTACT_ROLES:
                yield from self._orgs.use(org)

    def _with_role(self, table: Table, line: int, before: Roles, role: str, orgs: tuple[str, ...]) -> Roles:
        """What somebody is with one role more."""
        folded = role.casefold()
        schools, relationship, staff_role = before.schools, before.relationship, before.staff_role
        staff_schools = before.staff_schools
        if folded == "student":
            who = Who.STUDENT
            schools += tuple(org for org in orgs if org not in schools)
        elif folded in CONTACT_ROLES:
            who = Who.CONTACT
            relationship = relationship or folded
        else:
            who = Who.STAFF
            if folded not in STAFF_ROLES and not folded.startswith("ext:"):
                table.report(messages.ROLE_UNKNOWN, line, "role", role)
            staff_role = staff_role or role
            staff_schools += tuple(org for org in orgs if org not in staff_schools)
        return Roles(before.who | who, schools, before.past_school, relationship, staff_role, staff_schools)

    def _is_org(self, table: Table, line: int, column: str, org: str | None, message: Message) -> bool:
        if not org:
            return False
        if org not in self._orgs:
            table.report(message, line, column, org, where=ORGS)
            return False
        return True

    def _read_users(self, table: Table) -> Iterator[Row]:
        checks = PeopleChecks()
        for line, cells in table.rows():
            (
                id_,
                active,
                modified,
                given,
                family,
                middle,
                preferred,
                email,
                sms,
                phone,
                agents,
                grade,
                master,
                orgs,
                role,
            ) = cells
            self._note_modified(modified)
            if not id_ or not self._users.enter(id_, cells, table=table, line=line, column="sourcedId", shown=id_):
                continue
            if self._version == "1.2":
                roles = self._roles.pop(id_, Roles())
                if not roles.who:
                    table.report(messages.PERSON_NO_ROLE, line, "sourcedId", id_, where=ROLES)
            else:
                roles = self._roles_of(table, line, orgs, role)
            self._enter(id_, line, roles, agents)
            if roles.who & Who.STUDENT:
                birth_on = self._births.pop(id_, None)
                checks.student_birth(
                    table, line, "familyName", family_name=family or "", given_name=given or "", birth_on=birth_on
                )
                column = "sourcedId" if self._version == "1.2" else "orgSourcedIds"
                belongs = roles.schools or (roles.past_school,)
                school, second = self._orgs.of_student(belongs, table=table, line=line, column=column)
                if not school and self._version != "1.2":
                    table.report(messages.CELL_REQUIRED, line, column)
                yield from self._orgs.use(school)
                yield StudentRow(
                    line, id_, school, family or "", given or "", middle, preferred, birth_on,
                    grade, None, active, None, None, email, None, master, second_school_id=second,
                )  # fmt: skip
            if roles.who & Who.CONTACT:
                checks.contact_email(table, line, "email", email)
                status = {True: "active", False: "inactive", None: None}[active]
                yield ContactRow(
                    line,
                    id_,
                    family or "",
                    given or "",
                    email=email,
                    mobile=sms,
                    phone_home=phone,
                    status=status,
                    alternative_id=master,
                )
            if roles.who & Who.STAFF:
                for org in roles.staff_schools:
                    yield from self._orgs.use(org)
                yield StaffRow(
                    line, id_, family or "", given or "", email, roles.staff_role, roles.staff_schools,
                    active is not False,
                )  # fmt: skip
            self._births.pop(id_, None)

    def _roles_of(self, table: Table, line: int, org_list: str | None, role: str | None) -> Roles:
        """What users.csv of 1.0 and 1.1 says of somebody in one row."""
        given = [org.strip() for org in (org_list or "").split(",") if org.strip()]
        is_student = (role or "").casefold() == "student"
        orgs = []
        for position, org in enumerate(given):
            message = messages.ID_UNKNOWN if is_student and position == 0 else messages.ID_UNKNOWN_IN_LIST
            if self._is_org(table, line, "orgSourcedIds", org, message):
                orgs.append(org)
        if is_student and given and not orgs:
            orgs = given[:1]  # Told already: it is not in orgs.csv.
        found = self._with_role(table, line, Roles(), role or "", tuple(orgs)) if role else Roles()
        return self._shared_roles.setdefault(found, found)

    def _enter(self, id_: str, line: int, roles: Roles, agents: str | None) -> None:
        ordinal = self._users.ordinals[id_]
        self._grow(ordinal)
        self._who[ordinal] = roles.who
        self._relationships[ordinal] = roles.relationship
        if agents:
            for agent in agents.split(","):
                if agent := agent.strip():
                    self._agents.append(ordinal << 32 | self._users.mention(agent))
                    self._agent_lines.append(line)

    def _grow(self, ordinal: int) -> None:
        missing = ordinal + 1 - len(self._who)
        if missing > 0:
            self._who.extend(bytes(missing))
            self._relationships.extend([""] * missing)

    def _read_ties(self, table: Table) -> Iterator[Row]:
        """The union of both directions, each pair of a student and a contact once."""
        self._grow(len(self._users.ordinals) - 1)
        ids = list(self._users.ordinals)
        pairs: set[int] = set()
        for pair, line in zip(self._agents, self._agent_lines, strict=True):
            namer, named = pair >> 32, pair & 0xFFFFFFFF
            student, contact = self._oriented(namer, named)
            if student < 0:
                self._report_no_tie(table, line, namer, named, ids[named])
            elif student << 32 | contact not in pairs:
                pairs.add(student << 32 | contact)
                self._tied.raise_for(student)
                self._tied.raise_for(contact)
                yield AssociationRow(line, ids[student], ids[contact], self._relationships[contact])
        self._report_lonely(table)

    def _oriented(self, namer: int, named: int) -> tuple[int, int]:
        """(student, contact), or (-1, -1) where the two are no such pair."""
        if namer != named and self._users.line_of(named):
            if self._who[namer] & Who.STUDENT and self._who[named] & Who.CONTACT:
                return namer, named
            if self._who[namer] & Who.CONTACT and self._who[named] & Who.STUDENT:
                return named, namer
        return -1, -1

    def _report_no_tie(self, table: Table, line: int, namer: int, named: int, id_: str) -> None:
        if namer == named:
            message = messages.TIE_SELF
        elif not self._users.line_of(named):
            message = messages.ID_UNKNOWN_IN_LIST
        elif self._who[namer] & self._who[named] & Who.STUDENT:
            message = messages.TIE_STUDENT_TO_STUDENT
        else:
            message = messages.TIE_TO_STAFF
        table.report(message, line, "agentSourcedIds", id_, where=USERS)

    def _report_lonely(self, table: Table) -> None:
        for id_, ordinal in self._users.entered():
            if not self._tied.is_raised(ordinal):
                if self._who[ordinal] & Who.STUDENT:
                    table.report(messages.STUDENT_NO_CONTACT, self._users.line_of(ordinal), "", id_)
                if self._who[ordinal] & Who.CONTACT:
                    table.report(messages.CONTACT_NO_STUDENT, self._users.line_of(ordinal), "", id_)

    def _report_unknown(self, name: str, column: Column, left: Mapping[str, object]) -> None:
        """Ids of another file that users.csv lacks: read once more, for their lines."""
        table = self._table(name, (column,), findings=Findings()) if left else None
        if table is not None:
            for line, (id_,) in table.rows():
                if id_ in left and not self._users.has(id_):
                    self._findings.add(
                        messages.ID_UNKNOWN,
                        file=table.file,
                        line=line,
                        column=column.name,
                        value=id_,
                        gaps={"where": USERS},
                    )

    def _read_classes(self) -> Iterator[Row]:
        """A student's homeroom is the roll class; all references are checked."""
        classes = self._table(CLASSES, CLASS_COLUMNS)
        enrollments = self._table(ENROLLMENTS, ENROLLMENT_COLUMNS)
        titles: dict[str, str] = {}  # Empty for what is no homeroom.
        if classes is not None:
            for line, (id_, modified, title, type_, school) in classes.rows():
                self._note_modified(modified)
                self._is_org(classes, line, "schoolSourcedId", school, messages.ID_UNKNOWN)
                if id_:
                    titles[id_] = (title or "") if (type_ or "").casefold() == "homeroom" else ""
        if enrollments is None:
            return
        for line, (class_id, modified, user, role) in enrollments.rows():
            self._note_modified(modified)
            if classes is not None and class_id and class_id not in titles:
                enrollments.report(messages.ID_UNKNOWN, line, "classSourcedId", class_id, where=CLASSES)
            if user and not self._users.has(user):
                enrollments.report(messages.ID_UNKNOWN, line, "userSourcedId", user, where=USERS)
            elif user and (role or "").casefold() == "student" and (title := titles.get(class_id or "")):
                yield RollClassRow(line, user, title)
