"""sync, access set, restrict and explain as outside programs call them (the command line's table)."""

import json

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.cli import run
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.sync import crowd, sees
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(code="Cli123")


@pytest.fixture
def pair(tenant):
    school = make_school(tenant)
    crowd(tenant, school, pairs=2)
    student = make_student(tenant, school=school, source_id="s/007", student_no="7")
    return make_association(student, make_contact(tenant, source_id="C-9"), access=True)


@pytest.fixture
def schoolgate(capsys):
    def call(*words, code=0):
        assert run([*words, "--tenant", "cli123", "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return call


PAIR = ["--student", "s/007", "--contact", "C-9"]


def test_sync_says_what_it_did(schoolgate, pair):
    assert schoolgate("sync", "--dry-run") == {
        "run": None,
        "state": "planned",
        "students": {"added": 3, "changed": 0, "removed": 0},
        "contacts": {"added": 3, "changed": 0, "removed": 0},
        "links": {"added": 3, "removed": 0},
        "held_why": [],
    }
    assert not sees(pair)
    applied = schoolgate("sync")
    assert (applied["run"], applied["state"], applied["links"]) == (1, "applied", {"added": 3, "removed": 0})
    assert sees(pair)
    assert schoolgate("sync")["state"] == "nothing"
    assert AuditEntry.objects.get(act="sync.applied").via.startswith("cli:")


def test_a_held_sync_exits_3_and_goes_ahead_when_approved(schoolgate, tenant):
    for pair in crowd(tenant, make_school(tenant), pairs=1):
        schoolgate("sync")
        schoolgate("access", "set", "--student", pair.student.source_id, "--contact", pair.contact.source_id, "--off")
    assert schoolgate("sync", "--dry-run", code=3)["held_why"] == ["school_emptied"]
    held = schoolgate("sync", code=3)
    assert (held["state"], held["held_why"], held["run"]) == ("held", ["school_emptied"], 2)
    assert sees(pair)
    assert schoolgate("sync", "--approve")["state"] == "applied"
    assert not sees(pair)


def test_access_is_pending_until_the_sync(schoolgate, pair):
    schoolgate("sync")
    assert schoolgate("access", "set", *PAIR, "--on") == {"pending": False}
    assert schoolgate("access", "set", *PAIR, "--off") == {"pending": True}
    assert schoolgate("access", "set", *PAIR, "--on") == {"pending": False}


def test_access_without_an_association_is_refused(schoolgate, tenant, pair):
    stranger = make_contact(tenant, source_id="C-10")
    answer = schoolgate("access", "set", "--student", "s/007", "--contact", stranger.source_id, "--on", code=1)
    assert answer["error"]["code"] == "enrolment.no_association"


def test_a_restriction_withdraws_at_once_and_refuses_the_flag(schoolgate, pair):
    schoolgate("sync")
    assert schoolgate("restrict", *PAIR, "--reason", "Court order") == {"withdrawn": 1}
    assert not sees(pair)
    assert schoolgate("restrict", *PAIR, "--reason", "Again", "--until", "2999-01-31") == {"withdrawn": 0}
    assert schoolgate("access", "set", *PAIR, "--on", code=1)["error"]["code"] == "enrolment.restricted"


def test_explain_says_yes_or_no_and_why(schoolgate, pair):
    assert schoolgate("explain", *PAIR)["sees"] is False
    schoolgate("sync")
    found = schoolgate("explain", *PAIR)
    assert found["sees"] is True
    by_code = {reason["code"]: reason for reason in found["reasons"]}
    assert by_code["flag.on"]["for"] is True
    assert by_code["flag.on"]["by"] == "import"
    assert by_code["portal.closed"]["for"] is False


@pytest.mark.parametrize("words", [["explain"], ["access", "set", "--on"], ["restrict", "--reason", "x"]])
@pytest.mark.parametrize("missing", ["student", "contact"])
def test_whoever_is_unknown_is_refused(schoolgate, pair, words, missing):
    ids = {"student": "s/007", "contact": "C-9"} | {missing: "nobody"}
    answer = schoolgate(*words, "--student", ids["student"], "--contact", ids["contact"], code=1)
    assert answer["error"]["code"] == f"{missing}.unknown"


def test_an_id_of_two_sources_is_refused_by_name_and_can_be_told_apart(schoolgate, tenant, pair):
    make_contact(tenant, source="office", source_id="C-9")
    refused = schoolgate("explain", *PAIR, code=1)["error"]
    assert refused["code"] == "contact.ambiguous"
    assert "office, sis" in refused["message"]
    assert schoolgate("explain", "--student", "s/007", "--contact", "sis:C-9")["sees"] is False


def test_people_read_sentences(pair, capsys):
    assert run(["sync", "--tenant", "cli123"]) == 0
    assert "Published as run 1." in capsys.readouterr().out
    assert run(["sync", "--tenant", "cli123"]) == 0
    assert "Nothing is waiting" in capsys.readouterr().out
    assert run(["explain", "--tenant", "cli123", *PAIR]) == 0
    assert "Sees the student." in capsys.readouterr().out
