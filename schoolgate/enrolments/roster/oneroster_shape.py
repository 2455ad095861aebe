"""OneRoster's files, columns and words, and how to tell its versions apart (CSV Tables 1.1.1, CSV binding 1.2.1)."""

from schoolgate.enrolments.roster.cells import Column, Kind
from schoolgate.enrolments.roster.files import RosterFiles

MANIFEST, ORGS, USERS, ROLES = "manifest.csv", "orgs.csv", "users.csv", "roles.csv"
DEMOGRAPHICS, CLASSES, ENROLLMENTS = "demographics.csv", "classes.csv", "enrollments.csv"
READ = (MANIFEST, ORGS, USERS, ROLES, DEMOGRAPHICS, CLASSES, ENROLLMENTS)
# Part of the format, of no use to us.
KNOWN = (
    "academicsessions.csv", "categories.csv", "classresources.csv", "courses.csv", "courseresources.csv",
    "lineitems.csv", "lineitemlearningobjectiveids.csv", "lineitemscorescales.csv", "resources.csv", "results.csv",
    "resultlearningobjectiveids.csv", "resultscorescales.csv", "scorescales.csv", "userprofiles.csv",
    "userresources.csv",
)  # fmt: skip

CONTACT_ROLES = ("parent", "guardian", "relative")
STAFF_ROLES = frozenset([
    "administrator", "aide", "counselor", "districtadministrator", "principal", "proctor", "siteadministrator",
    "systemadministrator", "teacher",
])  # fmt: skip

STATUS = Column("status", Kind.WORD, words={"active": True, "tobedeleted": False, "inactive": False})
MODIFIED = Column("dateLastModified")
METADATA = "metadata.*"
ORG_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True),
    MODIFIED,
    Column("name", Kind.NAME, needed=True, filled=True),
    Column("type"),
    Column("identifier", Kind.ID),
)
DEMOGRAPHIC_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True, aliases=("userSourcedId",)),
    MODIFIED,
    Column("birthDate", Kind.BIRTH),
)
USER_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True),
    STATUS,
    MODIFIED,
    Column("givenName", Kind.NAME, needed=True, filled=True),
    Column("familyName", Kind.NAME, needed=True, filled=True),
    Column("middleName", Kind.NAME),
    Column("preferredGivenName", Kind.NAME),
    Column("email", Kind.EMAIL),
    Column("sms", Kind.PHONE, limit=60),
    Column("phone", Kind.PHONE, limit=60),
    Column("agentSourcedIds", Kind.LIST, aliases=("agents",)),
    Column("grades", limit=40, aliases=("grade",)),
    Column("userMasterIdentifier", Kind.ID),
    Column("orgSourcedIds", Kind.LIST),
    Column("role"),
)
USER_KNOWN = (
    "enabledUser", "username", "userId", "userIds", "identifier", "password", "preferredMiddleName",
    "preferredFamilyName", "primaryOrgSourcedId", "pronouns", METADATA,
)  # fmt: skip
ROLE_COLUMNS = (
    Column("userSourcedId", Kind.ID, needed=True, filled=True),
    STATUS,
    MODIFIED,
    Column("roleType", Kind.WORD, words={"primary": True, "secondary": False}),
    Column("role", needed=True, filled=True),
    Column("orgSourcedId", Kind.ID, needed=True, filled=True),
    Column("endDate"),
)
CLASS_COLUMNS = (
    Column("sourcedId", Kind.ID, needed=True, filled=True),
    MODIFIED,
    Column("title", limit=80),
    Column("classType"),
    Column("schoolSourcedId", Kind.ID),
)
ENROLLMENT_COLUMNS = (
    Column("classSourcedId", Kind.ID, needed=True, filled=True),
    MODIFIED,
    Column("userSourcedId", Kind.ID, needed=True, filled=True),
    Column("role"),
)


def recognised_version(files: RosterFiles) -> str | None:
    """1.0, 1.1 or 1.2: by the manifest, else by users.csv; None if these are no OneRoster files.

    A manifest of another version gives that text, to be refused by name.
    """
    if files.name_of(MANIFEST) is not None:
        stated = _stated_version(files.heading_of(MANIFEST))
        if stated is not None:
            return {"1": "1.0"}.get(stated, stated)
    heading = _words(files.heading_of(USERS)) if files.name_of(USERS) is not None else set()
    if "sourcedid" not in heading:
        return None
    if "orgsourcedids" not in heading and files.name_of(ROLES) is not None:
        return "1.2"
    return "1.0" if heading & {"userid", "agents"} else "1.1"


def _stated_version(content: bytes) -> str | None:
    text = content.replace(b"\0", b"").decode("utf-8", errors="replace")
    for line in text.splitlines():
        name, _, value = line.replace('"', "").replace(";", ",").replace("\t", ",").partition(",")
        if name.strip().casefold().lstrip("\ufeff") == "oneroster.version":
            return value.strip().rstrip(",")
    return None


def _words(content: bytes) -> set[str]:
    first = content.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("latin-1")
    for delimiter in ";\t":
        first = first.replace(delimiter, ",")
    return {word.strip(' "\r').casefold() for word in first.split(",")}
