"""Many rows at once on both databases, and jobs whose items are written as they end (spine §3.4, §3.8)."""

from datetime import datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, transaction

from schoolgate.jobs import registry
from schoolgate.jobs.bulk import insert_rows, next_ids
from schoolgate.jobs.control import pause_job, resume_job
from schoolgate.jobs.models import ItemState, Job, JobBacklog, JobItem, JobState
from schoolgate.jobs.registry import End, JobKind
from schoolgate.jobs.run import LEASE, run_job
from schoolgate.jobs.start import add_backlog_job, add_job
from schoolgate.jobs.subject import Subject
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


class Breaks(Exception):
    pass


def some_job(tenant):
    return add_job(tenant=tenant, kind="count", by=actor(), at=NOW)


def test_times_are_stored_as_the_same_moment_whatever_their_zone():
    tenant = make_tenant()
    columns = ["tenant_id", "kind", "state", "wanted", "options", "result", "total", "done", "skipped", "failed"]
    columns += ["unknown", "actor_kind", "via", "created_at", "lease_owner", "fault"]
    sydney = NOW.astimezone(timezone(timedelta(hours=11)))
    row = (tenant.pk, "count", "planned", "", "{}", "{}", 0, 0, 0, 0, 0, "system", "", sydney, "", "")
    insert_rows(Job, columns, [row])
    assert Job.objects.get(tenant=tenant).created_at == NOW
    assert Job.objects.filter(tenant=tenant, created_at__lte=NOW).exists()


def test_a_clash_is_djangos_own_error():
    job = some_job(make_tenant())
    columns = ["job_id", "position", "subject_kind", "subject_id", "state", "why"]
    row = (job.pk, 1, "contact", 7, "waiting", "")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(JobItem, columns, [row, row])
    assert not JobItem.objects.exists()


def test_texts_with_signs_that_copy_uses_come_back_as_they_were():
    job = some_job(make_tenant())
    columns = ["job_id", "position", "subject_kind", "subject_id", "state", "why"]
    whys = ["tab\there", "back\\slash", "\\N", "new\nline", "naïve 名", ""]
    insert_rows(JobItem, columns, ((job.pk, n, "contact", n, "done", why) for n, why in enumerate(whys)))
    assert list(JobItem.objects.order_by("position").values_list("why", flat=True)) == whys


def test_more_than_a_block_is_written_whole():
    job = some_job(make_tenant())
    columns = ["job_id", "position", "subject_kind", "subject_id", "state", "why"]
    insert_rows(JobItem, columns, ((job.pk, n, "contact", n, "done", "x" * 40) for n in range(5_000)))
    assert JobItem.objects.filter(job=job).count() == 5_000


def test_drawn_ids_are_free_and_stay_so():
    tenant = make_tenant()
    first = some_job(tenant)
    with transaction.atomic():
        drawn = list(next_ids(Job, 3))
        assert len(set(drawn)) == 3
        assert min(drawn) > first.pk
        Job.objects.create(pk=drawn[-1], tenant=tenant, kind="count", actor_kind="system", created_at=NOW)
    assert some_job(tenant).pk > drawn[-1]


@pytest.mark.parametrize("ids", [set(), {2}, {1, 2, 3}])
def test_among_finds_what_in_finds(ids):
    tenant = make_tenant()
    schools = [make_school(tenant, name=f"School {n}") for n in range(4)]
    wanted = {schools[n].pk for n in ids}
    found = type(schools[0]).objects.filter(tenant=tenant, pk__among=wanted)
    assert set(found.values_list("pk", flat=True)) == wanted
    names = {f"School {n}" for n in ids}
    assert set(found.model.objects.filter(name__among=names).values_list("name", flat=True)) == names
    assert found.model.objects.filter(tenant_id__among={tenant.pk}).count() == 4


@pytest.fixture
def backlog():
    """A job over seven ids in chunks of three; id 5 breaks it once."""
    seen, broken, begun = [], [], []

    def begin(job, subjects):
        begun.append([subject.id for subject in subjects])

        def work(chunk, at):
            some = [subject.id for subject in chunk]
            if 5 in some and not broken:
                broken.append(True)
                raise Breaks
            seen.extend(some)
            return [End(ItemState.SKIPPED, "even") if n % 2 == 0 else End(ItemState.DONE, "", n * 10) for n in some]

        return work

    registry.register(JobKind("backlog", "Count", chunk=3, begin=begin))
    subjects = [Subject("contact", n) for n in range(1, 6)] + [Subject("family", 6, 60), Subject("contact", 7)]
    job = add_backlog_job(tenant=make_tenant(), kind="backlog", by=actor(), at=NOW, options={}, subjects=subjects)
    return job, seen, begun


def at(moment: datetime):
    return lambda: moment


def test_items_are_written_as_they_end_and_a_fault_is_carried_on_from_the_last_whole_chunk(backlog):
    job, seen, begun = backlog
    with pytest.raises(Breaks):
        run_job(job.pk, clock=at(NOW))
    assert JobItem.objects.filter(job=job).count() == 3
    assert seen == [1, 2, 3]
    done = run_job(job.pk, clock=at(NOW + LEASE + LEASE))
    assert (done.state, done.total, done.done, done.skipped) == (JobState.DONE, 7, 4, 3)
    assert begun == [[1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7]]
    items = JobItem.objects.filter(job=job).order_by("position")
    assert list(items.values_list("position", "subject_id")) == [(n, n) for n in range(1, 8)]
    assert items[5].subject == Subject("family", 6, 60)
    assert list(items.values_list("state", "why", "result_id"))[:2] == [("done", "", 10), ("skipped", "even", None)]
    assert not JobBacklog.objects.filter(job=job).exists()


def test_a_backlog_is_paused_and_resumed(backlog):
    job, seen, _ = backlog
    pause_job(job=job, by=actor(), at=NOW)
    assert run_job(job.pk, clock=at(NOW)).state == JobState.PAUSED
    assert seen == []
    resume_job(job=job, by=actor(), at=NOW)
    with pytest.raises(Breaks):
        run_job(job.pk, clock=at(NOW + timedelta(minutes=5)))
    assert seen == [1, 2, 3]


def test_among_takes_texts_as_they_are():
    tenant = make_tenant()
    names = [
        "a,b",
        'say "x"',
        "back\\slash",
        'end\\"',
        "{braces}",
        "NULL",
        " blank ",
        "naïve 名",
        "",
        "%s",
        "new\nline",
    ]
    school = type(make_school(tenant))
    school.objects.filter(tenant=tenant).update(name="not wanted")
    for number, name in enumerate(names, start=100):
        make_school(tenant, number=number, name=name)
    for name in names:
        assert list(school.objects.filter(name__among={name}).values_list("name", flat=True)) == [name]
    found = school.objects.filter(tenant=tenant, name__among=set(names))
    assert set(found.values_list("name", flat=True)) == set(names)
