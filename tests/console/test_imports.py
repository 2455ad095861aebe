"""Import roster: upload, findings, preview, apply, cancel, history (rostering.md §10, design.md Import roster)."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from schoolgate.audit.models import AuditEntry
from schoolgate.enrolments.edit_student import edit_student
from schoolgate.enrolments.models import RosterChunk, RosterImport, Student
from schoolgate.enrolments.people import StudentFields
from schoolgate.jobs.run import run_job
from schoolgate.tenancy.models import Role
from tests.enrolments.test_import_roster import take
from tests.factories.rosters import SETS, many, native, one_family, without, zip_of
from tests.factories.tenancy import NOW, actor, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def officer(client, tenant):
    member = make_member(tenant, Role.ENROLMENTS_OFFICER)
    client.force_login(member)
    return member


def address(tenant, name="list", *arguments):
    return reverse(f"console:imports:{name}", args=[tenant.code, *arguments])


def words(response):
    body = re.sub(r"<(script|svg|head).*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def upload(client, tenant, files, **fields):
    given = [SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text) for name, text in files.items()]
    return client.post(address(tenant, "new"), {"roster": given, "source": "sis", **fields})


def run_newest(tenant):
    """What the worker does; the import afterwards."""
    entry = RosterImport.objects.for_tenant(tenant).latest("pk")
    run_job(entry.job_id)
    entry.refresh_from_db()
    return entry


def checked(client, tenant, files, **fields):
    assert upload(client, tenant, files, **fields).status_code == 302
    return run_newest(tenant)


def page(client, tenant, entry):
    return words(client.get(address(tenant, "import", entry.pk)))


def applied(client, tenant, files, **said):
    entry = checked(client, tenant, files)
    client.post(address(tenant, "apply", entry.pk), said)
    return run_newest(tenant)


def test_from_files_to_people(client, tenant, officer):
    answer = upload(client, tenant, one_family())
    entry = RosterImport.objects.for_tenant(tenant).get()
    assert answer.url == address(tenant, "import", entry.pk)
    assert "The files are being checked" in page(client, tenant, entry)
    assert not Student.objects.for_tenant(tenant).exists()
    entry = run_newest(tenant)
    assert entry.state == "ready"
    told = page(client, tenant, entry)
    assert "What would change" in told
    assert "Students 1 0 0 1" in told
    assert not Student.objects.for_tenant(tenant).exists()
    client.post(address(tenant, "apply", entry.pk))
    entry.refresh_from_db()
    assert entry.state == "applying"
    entry = run_newest(tenant)
    assert entry.state == "applied"
    assert Student.objects.for_tenant(tenant).get().changed_by_id == officer.pk
    told = page(client, tenant, entry)
    assert "Families see it after the next Data Sync." in told
    assert "Open Data Sync" in told
    act = AuditEntry.objects.get(tenant=tenant, act="roster.imported")
    assert (act.actor_id, act.subjects) == (officer.pk, [["import", entry.pk]])


def test_a_zip_is_an_upload(client, tenant, officer):
    assert checked(client, tenant, {"roster.zip": zip_of(one_family())}).counts["students"]["added"] == 1


def test_a_published_roster_arrives(client, tenant, officer):
    files = {path.name: path.read_bytes() for path in (SETS / "grandbend-oneroster-1.2").glob("*.csv")}
    entry = applied(client, tenant, files, accepts="on")
    assert (entry.state, entry.format) == ("applied", "oneroster-1.2")
    assert Student.objects.for_tenant(tenant).count() == 234


def test_a_nul_in_a_file_is_a_finding_like_any_other(client, tenant, officer):
    """security.md §5: PostgreSQL keeps no NUL, so the finding shows its sign."""
    ids = checked(client, tenant, one_family(student={"given_name": "A\0da", "student_id": "S\x001"}))
    assert ids.state == "refused"
    assert "control or invisible" in page(client, tenant, ids)
    heading = checked(client, tenant, one_family(student={"no\0te": "x"}))
    assert "no␀te" in page(client, tenant, heading)


def test_files_wait_in_the_database_and_go_with_the_end(client, tenant, officer):
    entry = checked(client, tenant, one_family())
    assert RosterChunk.objects.filter(roster_import=entry).count() == 3
    client.post(address(tenant, "apply", entry.pk))
    run_newest(tenant)
    assert not RosterChunk.objects.exists()
    assert checked(client, tenant, native([{"birth_date": "x"}])).state == "refused"
    assert not RosterChunk.objects.exists()


def test_large_files_are_kept_in_pieces(client, tenant, officer):
    files = native([{"student_id": f"S{n}", "given_name": f"N{n}" * 30} for n in range(17_000)])
    entry = checked(client, tenant, files)
    assert RosterChunk.objects.filter(roster_import=entry).count() > 1
    assert entry.counts["students"]["added"] == 17_000


def test_errors_are_shown_with_their_place_and_nothing_can_be_applied(client, tenant, officer):
    entry = checked(client, tenant, native([{}, {"student_id": "S2", "start_date": "31/02/2015"}]))
    told = page(client, tenant, entry)
    assert "“31/02/2015” is not a date" in told
    assert "students.csv , line 3 start_date" in told
    assert "Write dates as 2015-02-28." in told
    assert "Apply" not in told
    client.post(address(tenant, "apply", entry.pk))
    entry.refresh_from_db()
    assert entry.state == "refused"


def test_warnings_are_ticked_off(client, tenant, officer):
    entry = checked(client, tenant, one_family(contact={"email": "a b"}))
    assert entry.state == "warned"
    refused = client.post(address(tenant, "apply", entry.pk))
    assert refused.status_code == 422
    assert "Tick that you have looked at the warnings." in words(refused)
    client.post(address(tenant, "apply", entry.pk), {"accepts": "on"})
    assert run_newest(tenant).state == "applied"


def test_a_held_import_wants_a_reason_which_the_audit_keeps(client, tenant, officer):
    applied(client, tenant, many(30))
    entry = checked(client, tenant, without(many(30), *(f"S{n}" for n in range(9))))
    assert entry.state == "held"
    assert "Held for a second look" in page(client, tenant, entry)
    assert client.post(address(tenant, "apply", entry.pk)).status_code == 422
    client.post(address(tenant, "apply", entry.pk), {"reason": "Year 12 has left."})
    assert run_newest(tenant).state == "applied"
    act = AuditEntry.objects.filter(tenant=tenant, act="roster.imported").latest("seq")
    assert (act.reason, act.detail["approved"]) == ("Year 12 has left.", ["missing_people"])


def test_what_was_saved_after_the_preview_brings_a_new_preview(client, tenant, officer):
    applied(client, tenant, one_family())
    entry = checked(client, tenant, one_family(student={"given_name": "Adah"}))
    assert entry.counts["students"]["changed"] == 1
    row = Student.objects.for_tenant(tenant).get()
    edit_student(
        student=row,
        fields=StudentFields(school_id=row.school_id, student_no="S1", family_name="Okafor", given_name="Adah"),
        base_no=row.changed_no,
        by=actor(officer),
        at=NOW,
    )
    client.post(address(tenant, "apply", entry.pk))
    entry = run_newest(tenant)
    assert (entry.state, entry.counts["students"]["changed"]) == ("ready", 0)
    assert "Something was saved after the preview" in page(client, tenant, entry)
    client.post(address(tenant, "apply", entry.pk))
    assert run_newest(tenant).state == "applied"


def test_two_presses_are_one(client, tenant, officer):
    entry = checked(client, tenant, one_family())
    for _ in range(2):
        client.post(address(tenant, "apply", entry.pk))
    assert run_newest(tenant).state == "applied"
    assert AuditEntry.objects.filter(tenant=tenant, act="roster.imported").count() == 1
    told = words(client.post(address(tenant, "apply", entry.pk), follow=True))
    assert "This import is being applied, or has ended." in told


def test_cancelling_changes_nothing(client, tenant, officer):
    entry = checked(client, tenant, one_family())
    client.post(address(tenant, "cancel", entry.pk))
    entry.refresh_from_db()
    assert entry.state == "cancelled"
    assert not RosterChunk.objects.exists()
    assert not Student.objects.for_tenant(tenant).exists()


def test_findings_come_as_csv_in_the_files_order_and_safe(client, tenant, officer):
    entry = checked(
        client,
        tenant,
        native([{}, {"student_id": "S2"}], [{"email": "=cmd|x", "mobile": "12"}, {"contact_id": "C2", "mobile": "13"}]),
    )
    answer = client.get(address(tenant, "findings", entry.pk))
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {row["value"] for row in rows if row["code"] == "cell.email"} == {"'=cmd|x"}
    assert [(row["line"], row["value"], row["count"]) for row in rows if row["code"] == "cell.phone"] == [
        ("2", "12", "2"),
        ("3", "13", ""),
    ]
    assert AuditEntry.objects.filter(tenant=tenant, act="findings.exported").exists()


def test_refused_uploads_come_back_with_the_fault(client, tenant, officer):
    answer = client.post(address(tenant, "new"), {"source": "sis"})
    assert answer.status_code == 422
    assert "Choose the files of your export." in words(answer)
    assert "A source is a short name" in words(upload(client, tenant, one_family(), source="office"))
    many_files = upload(client, tenant, {f"{n}.csv": "x" for n in range(51)})
    assert (many_files.status_code, RosterImport.objects.count()) == (422, 0)
    assert checked(client, tenant, {"students.csv": ""}).state == "refused"


def test_the_page_asks_for_itself_only_while_a_job_is_at_work(client, tenant, officer):
    upload(client, tenant, one_family())
    entry = RosterImport.objects.for_tenant(tenant).get()
    part = client.get(address(tenant, "import", entry.pk), headers={"HX-Request": "true"})
    assert "hx-trigger" in part.text
    assert "<html" not in part.text
    run_newest(tenant)
    assert "hx-trigger" not in client.get(address(tenant, "import", entry.pk), headers={"HX-Request": "true"}).text


def test_an_upload_by_htmx_leads_to_the_import(client, tenant, officer):
    given = [SimpleUploadedFile(name, text.encode()) for name, text in one_family().items()]
    answer = client.post(address(tenant, "new"), {"roster": given, "source": "sis"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == address(tenant, "import", RosterImport.objects.get().pk)


def test_the_history_names_states_and_people(client, tenant, officer):
    assert "No imports yet" in words(client.get(address(tenant)))
    applied(client, tenant, one_family())
    told = words(client.get(address(tenant)))
    assert "Applied" in told
    assert "students.csv, contacts.csv, relationships.csv" in told
    assert officer.name in told


def test_the_history_costs_the_same_for_many_as_for_few(client, tenant, officer, django_assert_max_num_queries):
    for _ in range(8):
        upload(client, tenant, one_family())
    with django_assert_max_num_queries(9):
        client.get(address(tenant))


def test_somebody_of_one_school_imports_that_school_alone(client, tenant):
    school = make_school(tenant, number=101, name="Hill")
    client.force_login(make_member(tenant, Role.ENROLMENTS_OFFICER, school=school))
    files = native([{}, {"student_id": "S2", "given_name": "B", "school_code": "102"}])
    assert upload(client, tenant, files).status_code == 422
    entry = checked(client, tenant, files, school="101")
    assert (entry.school, entry.counts["students"]["added"]) == (school, 1)
    client.force_login(make_member(tenant, Role.ENROLMENTS_OFFICER, school=make_school(tenant, number=102)))
    assert client.get(address(tenant, "import", entry.pk)).status_code == 404


def test_who_may_do_what(client, tenant, officer):
    entry = checked(client, tenant, one_family())
    for role, reads, acts in (
        (Role.AUDITOR, 200, 403),
        (Role.PORTAL_OFFICER, 403, 403),
        (Role.INTEGRATIONS_OFFICER, 403, 403),
    ):
        client.force_login(make_member(tenant, role))
        assert client.get(address(tenant, "import", entry.pk)).status_code == reads
        assert client.post(address(tenant, "apply", entry.pk)).status_code == acts
        assert client.get(address(tenant, "new")).status_code == acts
    other = make_tenant()
    client.force_login(make_member(other, Role.OWNER))
    assert client.get(address(other, "import", entry.pk)).status_code == 404


def test_an_import_of_the_command_line_cannot_be_applied_by_the_page(client, tenant, officer):
    """Its files are not kept; the page says what to do."""
    take(tenant, one_family(contact={"email": "a b"}), accepts_warnings=False)
    entry = RosterImport.objects.for_tenant(tenant).get()
    told = page(client, tenant, entry)
    assert "import them again with --approve or --accept-warnings" in told
    assert "Apply the import" not in told
    client.post(address(tenant, "apply", entry.pk), {"accepts": "on"})
    entry.refresh_from_db()
    assert entry.state == "warned"


def test_the_preview_names_who_it_is(client, tenant, officer):
    """rostering.md §10: what will be added, changed, deactivated; a tie says whether it opens."""
    applied(client, tenant, many(6))
    files = without(many(7), "S1", "C1")
    files["students.csv"] = files["students.csv"].replace("Family2", "Vale", 1)
    files["relationships.csv"] = files["relationships.csv"].replace("S3,C3,mother", "S3,C3,aunt", 1)
    entry = checked(client, tenant, files)
    assert [(row["kind"], row["act"], row["id"], row["columns"], row["access"]) for row in entry.preview] == [
        ("students", "added", "S6", [], None),
        ("students", "changed", "S2", ["family_name"], None),
        ("students", "deactivated", "S1", [], None),
        ("contacts", "added", "C6", [], None),
        ("contacts", "deactivated", "C1", [], None),
        ("associations", "added", "S6 · C6", [], True),
        ("associations", "changed", "S3 · C3", ["receives_portal_access"], False),
        ("associations", "deactivated", "S1 · C1", [], None),
    ]
    shown = page(client, tenant, entry)
    assert "Students made inactive or ended: 1 Ada Family1 S1" in shown
    assert "Associations added: 1 Ada Family6 · Amara Family6 S6 · C6 Has Portal Access" in shown


def test_a_refused_import_goes_on_without_its_bad_row(client, tenant, officer):
    """rostering.md §10, all or nothing: the office may choose it where few rows are bad."""
    files = many(120)
    files["students.csv"] = files["students.csv"].replace("2013-04-13", "31/02/2013", 1)
    entry = checked(client, tenant, files)
    assert entry.state == "refused"
    assert "Check again without this row" in page(client, tenant, entry)
    client.post(address(tenant, "leave_out", entry.pk))
    entry = run_newest(tenant)
    assert (entry.state, entry.counts["students"]["added"], entry.counts["left_out"]) == ("ready", 119, 1)
    assert "Without 1 row that has an error" in page(client, tenant, entry)
    client.post(address(tenant, "apply", entry.pk))
    assert run_newest(tenant).state == "applied"
    assert Student.objects.for_tenant(tenant).count() == 119
    assert not RosterChunk.objects.exists()


def test_it_does_not_where_others_were_uploaded_since_or_many_rows_are_bad(client, tenant, officer):
    files = many(120)
    files["students.csv"] = files["students.csv"].replace("2013-04-13", "31/02/2013", 1)
    old = checked(client, tenant, files)
    checked(client, tenant, many(3))
    client.post(address(tenant, "leave_out", old.pk))
    old.refresh_from_db()
    assert old.state == "refused"
    few = checked(client, tenant, native([{"birth_date": "31/02/2013"}], [{}], [{}]))
    assert "Check again without" not in page(client, tenant, few)
    client.post(address(tenant, "leave_out", few.pk))
    few.refresh_from_db()
    assert (few.state, RosterChunk.objects.filter(roster_import=few).exists()) == ("refused", False)


def test_the_last_import_is_undone_on_its_page(client, tenant, officer):
    """rostering.md §10: it can be undone until the next one, with a reason; the audit says so."""
    applied(client, tenant, many(3))
    entry = applied(client, tenant, many(5))
    assert "Undo this import" in page(client, tenant, entry)
    undo = address(tenant, "undo", entry.pk)
    assert "2 that were added become inactive or end" in words(client.get(undo))
    assert client.post(undo, {"reason": ""}).status_code == 422
    client.post(undo, {"reason": "last year's file"})
    assert "The import is being undone" in page(client, tenant, RosterImport.objects.get(pk=entry.pk))
    entry = run_newest(tenant)
    assert entry.state == "undone"
    assert "enrolments are as they were before it" in page(client, tenant, entry)
    assert Student.objects.for_tenant(tenant).filter(state="active").count() == 3
    said = AuditEntry.objects.get(act="roster.undone")
    assert (said.reason, said.detail["ended"]) == ("last year's file", 6)
