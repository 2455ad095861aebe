"""Generate Parent Registration Keys: a group by list, file, year or class, or ticked rows (registration-keys §7, §12)."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from schoolgate.console.parent_access_administration.registration_keys.ticks import LIST_NAME
from schoolgate.directory.models import DirectoryStudent
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.jobs.selection import tick_rows
from schoolgate.keys import keep_group
from schoolgate.keys.id_list import MOST_BYTES
from schoolgate.keys.models import AccessKey, StudentGroup
from schoolgate.keys.subjects import CONTACT
from schoolgate.tenancy.models import Role
from tests.console.by_school.test_plan import make_family
from tests.console.contact_keys.office import said, sign_in
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def address(tenant, name="plan", *words):
    return reverse(f"console:parent_groups:{name}", args=[tenant.code, *words])


def paste(client, tenant, text, **words):
    return client.post(address(tenant, "add_list"), {"pasted": text, **words})


def upload(client, tenant, content, name="ids.csv"):
    return client.post(address(tenant, "add_list"), {"pasted": "", "file": SimpleUploadedFile(name, content)})


def page_of(client, answer):
    assert answer.status_code == 302, said(answer.text)[:2000]
    return client.get(answer["Location"])


def start(client, tenant, *, shown, **words):
    group = StudentGroup.objects.order_by("-pk")[0]
    return client.post(address(tenant, "start", group.pk), {"way": "", **words, "shown": shown})


def test_a_pasted_list_is_checked_and_the_run_goes_on_without_what_is_amiss(client, tenant):
    """R-GP-02, R-GP-04: parent keys alone."""
    student, contact = make_family(tenant)
    make_link(student, second := make_contact(tenant))
    make_student(tenant, student_no="GONE", is_active=False)
    member = sign_in(client, tenant)
    page = page_of(
        client, paste(client, tenant, f" {student.student_no}\n\nGONE\nnobody\n{student.student_no}\n1.2E+05")
    )
    words = said(page.text)
    assert "1 student found in 6 lines." in words
    for told in (
        "1 line not found", "Line 4: nobody", "1 student not active", "Line 3: GONE", "1 repeated line", "1 blank line",
        "1 number shortened by a spreadsheet", "Line 6: 1.2E+05",
    ):  # fmt: skip
        assert told in words
    assert "Makes 2 keys for parent use." in words
    assert start(client, tenant, shown=2).status_code == 302
    job = run_job(Job.objects.get().pk)
    keys = AccessKey.objects.filter(run=job)
    assert set(keys.values_list("subject_kind", "subject_id")) == {(CONTACT, contact.pk), (CONTACT, second.pk)}
    assert job.actor_id == member.pk
    run_page = said(client.get(reverse("console:by_school:run", args=[tenant.code, job.pk])).text)
    assert "Generate Parent Registration Keys" in run_page


def test_of_five_thousand_lines_each_that_is_left_out_is_told_with_its_number(client, tenant):
    """R-GP-02: fifty of a kind on the page, and all of them in a file."""
    student, _ = make_family(tenant)
    lines = ["", student.student_no, student.student_no, *(f"=nobody{n}" for n in range(4_997))]
    sign_in(client, tenant, every_single_right=False)
    page = page_of(client, paste(client, tenant, "\n".join(lines)))
    assert "and 4947 more" in said(page.text).replace(",", "")
    file = client.get(address(tenant, "left_out", StudentGroup.objects.get().pk)).getvalue().decode("utf-8-sig")
    told = list(csv.reader(io.StringIO(file)))[1:]
    assert len(told) == 4_999
    assert told[:2] == [["1", "", "blank"], ["3", student.student_no, "stood further up"]]
    assert told[-1] == ["5000", "'=nobody4996", "not found"]


def test_each_contact_once_however_many_students_of_the_group_they_have(client, tenant):
    """R-GP-03"""
    first, contact = make_family(tenant)
    make_link(second := make_student(tenant), contact)
    sign_in(client, tenant)
    page = page_of(client, paste(client, tenant, f"{first.student_no}\n{second.student_no}"))
    assert page.context["preview"].to_make == 1


def test_an_uploaded_file_of_a_spreadsheet(client, tenant):
    """R-GP-01: UTF-16 and several columns."""
    student, _ = make_family(tenant)
    sign_in(client, tenant)
    content = f"Name\tStudent Id\r\nJosé\t{student.student_no}\r\n".encode("utf-16")
    assert page_of(client, upload(client, tenant, content)).context["preview"].to_make == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04....", "not a list that can be read"),
        (b"<!doctype html><table>", "looks like a web page"),
        (b"S1,Ada\nS2,Ben\n", "Line 1 has 2 columns"),
        (b"", "The list is empty."),
        (b"1\n" * 50_001, "The list has 50001 lines."),
        (b"x" * (MOST_BYTES + 1), "4.0 MB"),
        (b"S1\x07\n", "Line 1 holds signs"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_its_place_and_keeps_nothing(client, tenant, content, sentence):
    """Registration-keys §12"""
    sign_in(client, tenant)
    answer = upload(client, tenant, content)
    assert answer.status_code == 422
    assert sentence in said(answer.text)
    assert not StudentGroup.objects.exists()


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE keys; --", "a\0b", "\ud800", "x" * 5_000, "𓀀", "＝1+1"])
def test_naughty_strings_are_looked_up_or_refused_and_never_more(client, tenant, text):
    make_family(tenant)
    sign_in(client, tenant)
    answer = paste(client, tenant, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    assert answer.status_code in {302, 422}
    if answer.status_code == 302:
        assert page_of(client, answer).context["preview"].to_make == 0


def test_a_list_and_a_file_at_once_are_refused(client, tenant):
    sign_in(client, tenant)
    answer = client.post(address(tenant, "add_list"), {"pasted": "S1", "file": SimpleUploadedFile("ids.txt", b"S2")})
    assert answer.status_code == 422
    assert "not both" in said(answer.text)


def test_a_year_or_class_and_then_only_some_contacts(client, tenant):
    """R-GP-01, R-GP-03"""
    school = make_school(tenant, number=9601, name="Banksia")
    student = make_student(tenant, school=school, year_level="7", roll_class="7B")
    make_link(student, make_contact(tenant), relationship="Mother", order=1)
    make_link(student, make_contact(tenant), relationship="Aunt", order=2)
    make_family(tenant, school=school, year_level="8", roll_class="8A")
    sign_in(client, tenant)
    refused = client.post(address(tenant, "add_filter"), {})
    assert refused.status_code == 422
    page = page_of(client, client.post(address(tenant, "add_filter"), {"schools": ["9601"], "classes": ["7B"]}))
    assert page.context["preview"].to_make == 2
    group = StudentGroup.objects.get()
    narrowed = client.get(address(tenant, "group", group.pk), {"relationships": ["mother"], "way": ""})
    assert narrowed.context["preview"].to_make == 1
    assert start(client, tenant, shown=1, relationships=["mother"]).status_code == 302
    assert run_job(Job.objects.get().pk).done == 1


def test_every_school_at_once_is_a_run_of_the_district_here_too(client, tenant):
    """R-GS-06 can't be passed by way of a group."""
    for number in (9701, 9702):
        make_family(tenant, school=make_school(tenant, number=number))
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    client.post(address(tenant, "add_filter"), {"schools": ["9701", "9702"]})
    assert start(client, tenant, shown=2, typed="2").status_code == 403
    sign_in(client, tenant, Role.ADMINISTRATOR)
    assert start(client, tenant, shown=2).status_code == 422
    assert start(client, tenant, shown=2, typed="2").status_code == 302


@pytest.mark.parametrize(
    ("taken", "is_wide"),
    [((2, 1), True), ((2, 0), False), ((1, 1), False), ((3, 0), False)],
    ids=["most of several schools", "half", "half of two schools", "most, all of one school"],
)
def test_a_list_of_most_students_of_the_district_meets_the_same_bar(client, tenant, taken, is_wide):
    """R-GS-06: by how many it takes in, whatever they are called by."""
    schools = [make_school(tenant, number=number) for number in (9701, 9702)]
    sizes = (taken[0], 4 - taken[0]) if taken[0] < 3 else (3, 1)
    families = [
        [make_family(tenant, school=school) for _ in range(n)] for school, n in zip(schools, sizes, strict=True)
    ]
    listed = [student for some, n in zip(families, taken, strict=True) for student, _ in some[:n]]
    sign_in(client, tenant, Role.PORTAL_OFFICER)
    page = page_of(client, paste(client, tenant, "\n".join(student.student_no for student in listed)))
    assert page.context["is_district_wide"] is is_wide
    assert ("started by an owner or an administrator" in said(page.text)) is is_wide
    n = sum(taken)
    assert start(client, tenant, shown=n, typed=str(n)).status_code == (403 if is_wide else 302)
    assert Job.objects.exists() is not is_wide
    if is_wide:
        sign_in(client, tenant, Role.ADMINISTRATOR, fresh=False)
        assert "/console/fresh/" in start(client, tenant, shown=n, typed=str(n))["Location"]
        assert not Job.objects.exists()


@pytest.mark.parametrize(("words", "is_wide"), [({"years": ["7"]}, True), ({"classes": ["7B"]}, False)])
def test_a_year_of_every_school_is_a_run_of_the_district_as_it_is_by_school(client, tenant, words, is_wide):
    """R-GS-06."""
    for number in (9701, 9702):
        school = make_school(tenant, number=number)
        for year in ("7", "8", "9"):
            make_family(tenant, school=school, year_level=year, roll_class=f"{year}B")
    sign_in(client, tenant, Role.ADMINISTRATOR)
    page = page_of(client, client.post(address(tenant, "add_filter"), words))
    assert page.context["is_district_wide"] is is_wide


def test_the_rows_ticked_in_registration_key_maintenance(client, tenant):
    """R-GP-01"""
    student, contact = make_family(tenant)
    make_family(tenant)
    member = sign_in(client, tenant)
    assert "Nothing is ticked" in said(client.post(address(tenant, "add_ticked"), follow=True).text)
    rows = DirectoryStudent.objects.for_tenant(tenant)
    tick_rows(tenant=tenant, user=member, list_name=LIST_NAME, rows=rows, shown=[student.pk], ticked=[student.pk])
    assert "1 student is ticked in Registration Key Maintenance." in said(client.get(address(tenant)).text)
    page_of(client, client.post(address(tenant, "add_ticked")))
    assert start(client, tenant, shown=1).status_code == 302
    assert AccessKey.objects.filter(run=run_job(Job.objects.get().pk)).get().subject_id == contact.pk


def test_more_ticked_rows_than_a_group_has_are_refused(client, tenant, monkeypatch):
    """R-GP-01"""
    monkeypatch.setattr(keep_group, "MOST_LINES", 1)
    member = sign_in(client, tenant)
    ids = [make_student(tenant).pk for _ in range(2)]
    rows = DirectoryStudent.objects.for_tenant(tenant)
    tick_rows(tenant=tenant, user=member, list_name=LIST_NAME, rows=rows, shown=ids, ticked=ids)
    told = said(client.post(address(tenant, "add_ticked"), follow=True).text)
    assert "2 students are ticked, and a group has at most 1. Choose them by school, year or class." in told
    assert not StudentGroup.objects.exists()


def test_a_group_is_kept_under_a_name_and_run_again(client, tenant):
    """The saved filter: a second run makes nothing new (R-GS-01)."""
    make_family(tenant, roll_class="7B")
    sign_in(client, tenant)
    client.post(address(tenant, "add_filter"), {"classes": ["7B"]})
    group = StudentGroup.objects.get()
    client.post(address(tenant, "name", group.pk), {"name": "Class 7B"})
    assert "Class 7B" in said(client.get(address(tenant)).text)
    assert start(client, tenant, shown=1).status_code == 302
    run_job(Job.objects.get().pk)
    assert client.get(address(tenant, "group", group.pk)).context["preview"].to_make == 0
    make_family(tenant, roll_class="7B")
    assert client.get(address(tenant, "group", group.pk)).context["preview"].to_make == 1
    assert client.post(address(tenant, "name", group.pk), {"name": " "}).status_code == 422
    client.post(address(tenant, "delete", group.pk))
    assert not StudentGroup.objects.exists()


def test_a_member_for_one_school_makes_keys_for_their_students_alone(client, tenant):
    """R-RK-11: the other school's student is not found, and a group of somebody else is a 404."""
    here, there = make_school(tenant), make_school(tenant)
    mine, contact = make_family(tenant, school=here)
    other, _ = make_family(tenant, school=there)
    sign_in(client, tenant, Role.ADMINISTRATOR)
    paste(client, tenant, other.student_no)
    foreign = StudentGroup.objects.get()
    sign_in(client, tenant, school=here)
    page = page_of(client, paste(client, tenant, f"{mine.student_no}\n{other.student_no}"))
    assert "1 line not found" in said(page.text)
    assert start(client, tenant, shown=1).status_code == 302
    assert AccessKey.objects.filter(run=run_job(Job.objects.get().pk)).get().subject_id == contact.pk
    for name in ("start", "download", "name", "delete"):
        assert client.post(address(tenant, name, foreign.pk)).status_code == 404
    assert client.get(address(tenant, "left_out", foreign.pk)).status_code == 404
    assert client.get(address(tenant, "group", foreign.pk)).status_code == 404
