"""schoolgate keys generate --for · keys list --for students: the contract of the command line (registration-keys §6, §7)."""

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.keys.models import AccessKey
from schoolgate.lib.keycode import parse_key
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def make_family(tenant, **columns):
    """A student with one contact who sees them."""
    student, contact = make_student(tenant, **columns), make_contact(tenant)
    make_link(student, contact)
    return student, contact


@pytest.mark.parametrize(
    ("whose", "by"),
    [
        ("parents", {"parents": 2, "students": 0}),
        ("students", {"parents": 0, "students": 2}),
        ("both", {"parents": 2, "students": 2}),
    ],
)
def test_for_parents_students_or_both_fills_gaps_once(command, tenant, whose, by):
    """R-GS-01"""
    make_family(tenant)
    make_family(tenant)
    make_link(make_student(tenant, is_active=False), make_contact(tenant))
    code, told = command("keys", "generate", "--tenant", tenant.code, "--for", whose)
    assert (code, told) == (0, {"generated": sum(by.values()), "by": by, "skipped": {}})
    code, told = command("keys", "generate", "--tenant", tenant.code, "--for", whose)
    assert (code, told["generated"], told["skipped"]) == (0, 0, {"live_key": sum(by.values())})


def test_a_dry_run_says_the_same_and_makes_nothing(command, tenant):
    """R-GS-02: the preview and the act run the same code."""
    student, _contact = make_family(tenant)
    make_redeemed_key(tied := make_contact(tenant))
    make_link(student, tied)
    make_link(student, make_contact(tenant), portal_access=False)
    words = ["keys", "generate", "--tenant", tenant.code, "--for", "both"]
    before = AccessKey.objects.count()
    _, would = command(*words, "--dry-run")
    assert AccessKey.objects.count() == before
    assert not AuditEntry.objects.filter(act="key.generated").exists()
    _, told = command(*words)
    assert would == told | {"dry_run": True}
    expected = {"generated": 2, "by": {"parents": 1, "students": 1}, "skipped": {"no_link": 1, "tied": 1}}
    assert told == expected


def test_schools_and_grades_narrow_it(command, tenant):
    here, there = make_school(tenant, number=9101), make_school(tenant, number=9102)
    make_family(tenant, school=here, year_level="7")
    make_family(tenant, school=here, year_level="8")
    make_family(tenant, school=there, year_level="7")
    words = ["keys", "generate", "--tenant", tenant.code, "--for", "students", "--dry-run"]
    assert command(*words, "--school", 9101)[1]["generated"] == 2
    assert command(*words, "--school", 9101, 9102, "--grade", "7")[1]["generated"] == 2
    assert command(*words, "--school", 9101, "--school", 9102)[1]["generated"] == 3


def test_an_inactive_or_unknown_school_is_refused(command, tenant):
    """Registration-keys §12"""
    make_school(tenant, number=9201, is_active=False)
    words = ["keys", "generate", "--tenant", tenant.code, "--for", "both", "--school"]
    for number in (9201, 9299):
        code, told = command(*words, number)
        assert (code, told["error"]["code"]) == (1, "keys.school")
    assert not AccessKey.objects.exists()


def test_a_list_of_ids_is_checked_line_by_line(command, tenant, tmp_path):
    """R-GP-01, R-GP-02: by the roster's ids; the run goes on without the lines that name nobody."""
    one, _ = make_family(tenant, source_id="007", student_no="N1")
    make_family(tenant, source_id="8", student_no="N2")
    make_student(tenant, source_id="gone", is_active=False)
    ids = tmp_path / "ids.csv"
    ids.write_text("student_id\n007\n\n007\n7\n1.2E+05\ngone\nN2\n", encoding="utf-16")
    code, told = command("keys", "generate", "--tenant", tenant.code, "--for", "both", "--ids", ids)
    assert code == 0
    assert (told["generated"], told["by"]) == (2, {"parents": 1, "students": 1})
    assert told["skipped"] == {"inactive": 1, "unknown": 3}
    assert told["ids"] == {
        "found": 1,
        "blank": [{"line": 3, "id": ""}],
        "twice": [{"line": 4, "id": "007"}],
        "unknown": [{"line": 5, "id": "7"}, {"line": 8, "id": "N2"}],
        "spreadsheet": [{"line": 6, "id": "1.2E+05"}],
        "inactive": [{"line": 7, "id": "gone"}],
    }
    assert AccessKey.objects.get(subject_kind="student_self").subject_id == one.pk


def test_five_thousand_ids_with_blanks_doubles_and_unknowns(command, tenant, tmp_path):
    known = [make_student(tenant, source_id=f"K{n}") for n in range(40)]
    lines = [student.source_id for student in known]
    lines += [lines[n % 40] if n % 3 == 0 else "" if n % 3 == 1 else f"x{n}" for n in range(4_960)]
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join([*lines, "end"]))
    _, told = command("keys", "generate", "--tenant", tenant.code, "--for", "students", "--ids", ids)
    assert told["generated"] == told["ids"]["found"] == 40
    assert len(lines) == 5_000
    counts = {name: len(rows) for name, rows in told["ids"].items() if name != "found"}
    assert counts == {"blank": 1_653, "twice": 1_654, "unknown": 1_654, "spreadsheet": 0, "inactive": 0}


def test_a_file_that_is_no_list_makes_nothing(command, tenant, tmp_path):
    make_family(tenant)
    workbook = tmp_path / "ids.xlsx"
    workbook.write_bytes(b"PK\x03\x04")
    words = ["keys", "generate", "--tenant", tenant.code, "--for", "both", "--ids"]
    assert command(*words, workbook)[1]["error"]["code"] == "list.refused"
    code, told = command(*words, tmp_path / "none.txt")
    assert (code, told["error"]["code"]) == (1, "keys.ids")
    assert not AccessKey.objects.exists()


@pytest.mark.parametrize(
    "words",
    [["--all", "--school", "1"], ["--contact", "C1", "--dry-run"], ["--all", "--for", "both"], [], ["--for", "aunts"]],
)
def test_what_narrows_for_belongs_to_for_alone(command, tenant, words):
    """The forms of before stay as they were; a mixture is a usage error."""
    with pytest.raises(SystemExit) as ended:
        command("keys", "generate", "--tenant", tenant.code, *words)
    assert ended.value.code == 2


def test_list_for_students_tells_each_active_student(command, tenant):
    school = make_school(tenant, number=9301)
    ada = make_student(tenant, school=school, family_name="Abel", given_name="Ada", student_no="0042")
    make_student(tenant, school=school, family_name="Baker", given_name="Ben")
    make_student(tenant, school=school, is_active=False)
    ids = ["keys", "generate", "--tenant", tenant.code, "--for", "students", "--grade", "7"]
    assert command(*ids)[1]["generated"] == 2
    code, told = command("keys", "list", "--tenant", tenant.code, "--for", "students")
    assert code == 0
    first, second = told["keys"]
    selector = AccessKey.objects.get(subject_id=ada.pk).selector
    assert first == {
        "student": ada.source_id, "student_no": "0042", "name": "Ada Abel", "school": 9301, "year": "7", "class": "7B",
        "username": "", "state": "live", "locked": False, "selector": selector, "key": None,
        "expires": first["expires"],
    }  # fmt: skip
    assert second["name"] == "Ben Baker"
    assert not AuditEntry.objects.filter(act="key.shown").exists()
    _, told = command("keys", "list", "--tenant", tenant.code, "--for", "students", "--reveal")
    assert parse_key(told["keys"][0]["key"]).selector == selector
    assert AuditEntry.objects.filter(act="key.shown").count() == 1
