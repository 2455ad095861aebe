"""A restriction acts at the next request, without a Data Sync, and adds nothing (R-PA-09, R-RX-01 … R-RX-03)."""

from datetime import timedelta

import pytest

from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryAssociation, DirectoryChange
from schoolgate.enrolments.errors import EnrolmentRefused, Restricted
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.save_restriction import RestrictionTerms
from schoolgate.sync.models import SyncHead, SyncRun
from schoolgate.sync.publish import Ending
from schoolgate.sync.restrict import restrict_contact, withdraw_now, withdraw_restricted
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.sync import bars, crowd, published, sees, sync, turn
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def pair(tenant):
    """A published link, among others."""
    school = make_school(tenant)
    pair, *_ = crowd(tenant, school, pairs=3)
    sync(tenant)
    return pair


def restrict(pair, **terms):
    return restrict_contact(
        tenant=pair.tenant,
        student_ids=[pair.student_id],
        contact_id=pair.contact_id,
        terms=RestrictionTerms(**terms),
        reason="Order of 24 November",
        by=actor(),
        at=NOW,
    )


def test_a_restriction_acts_at_once(tenant, pair):
    withdrawn = restrict(pair)
    assert withdrawn.links == 1
    assert withdrawn.run.kind == "withdraw"
    assert not sees(pair)
    assert bars(tenant) == 1
    assert AuditEntry.objects.get(act="restriction.made").reason == "Order of 24 November"
    assert AuditEntry.objects.filter(act="sync.withdrawn").count() == 1


def test_it_publishes_nothing_else(tenant, pair):
    student = pair.student
    type(student).objects.filter(pk=student.pk).update(year_level="12", changed_no=99)
    Association.objects.filter(pk=pair.pk).update(relationship="Neighbour", changed_no=99)
    waiting = Association.objects.exclude(pk=pair.pk).first()
    turn(waiting, on=False)
    before = published(tenant)
    clock = SyncHead.objects.get().clock_no
    restrict(pair)
    after = published(tenant)
    assert after["student"] == before["student"]
    changed = [row for row in after["association"] if row not in before["association"]]
    assert [row["id"] for row in changed] == [pair.pk]
    assert changed[0]["relationship"] == "Mother"
    assert sees(waiting)
    assert SyncHead.objects.get().clock_no == clock


def test_the_other_children_stay(tenant, pair):
    sibling = make_association(make_student(tenant, school=pair.student.school), pair.contact, access=True)
    sync(tenant)
    restrict(pair)
    assert not sees(pair)
    assert sees(sibling)


def test_one_that_begins_later_is_published_now_and_closes_on_its_day(tenant, pair):
    withdrawn = restrict(pair, starts_on=NOW.date() + timedelta(days=7))
    assert withdrawn.links == 0
    assert sees(pair)
    assert not sees(pair, at=NOW + timedelta(days=7))


def test_a_pair_that_is_not_published_needs_no_run(tenant):
    pair = make_association(make_student(tenant), make_contact(tenant), access=True)
    withdrawn = restrict(pair)
    assert (withdrawn.links, withdrawn.run) == (0, None)
    sync(tenant)
    assert not sees(pair)
    assert bars(tenant) == 1


def test_the_next_sync_has_nothing_to_add(tenant, pair):
    restrict(pair)
    assert sync(tenant).ending is Ending.NOTHING


def test_a_flag_cannot_be_turned_on_against_it(tenant, pair):
    restrict(pair)
    with pytest.raises(Restricted):
        turn(pair, on=True)


def test_a_refused_restriction_changes_nothing(tenant, pair):
    before = published(tenant)
    with pytest.raises(EnrolmentRefused):
        restrict(pair, ends_on=NOW.date() - timedelta(days=1))
    assert published(tenant) == before
    assert SyncRun.objects.count() == 1


def test_withdraw_now_takes_the_link_and_keeps_the_association(tenant, pair):
    withdrawn = withdraw_now(tenant=tenant, association_ids=[pair.pk], reason="Asked by the mother", by=actor(), at=NOW)
    assert withdrawn.links == 1
    assert not sees(pair)
    row = DirectoryAssociation.objects.get(pk=pair.pk)
    assert not row.portal_access
    assert not Association.objects.get(pk=pair.pk).receives_portal_access
    change = DirectoryChange.objects.order_by("-seq").first()
    assert (change.op, change.before["portal_access"]) == ("changed", True)


def test_withdraw_now_adds_nothing(tenant, pair):
    off = make_association(make_student(tenant, school=pair.student.school), pair.contact)
    sync(tenant)
    turn(off, on=True)
    withdrawn = withdraw_now(tenant=tenant, association_ids=[off.pk], reason="No", by=actor(), at=NOW)
    assert withdrawn.run is None
    assert not sees(off)


def test_restrictions_of_an_import_take_effect_at_once(tenant, pair):
    make_restriction(pair.student, pair.contact, source="sis", recorded_how="import")
    assert sees(pair)
    withdrawn = withdraw_restricted(tenant=tenant, by=actor(), at=NOW)
    assert withdrawn.links == 1
    assert not sees(pair)
    assert withdraw_restricted(tenant=tenant, by=actor(), at=NOW).run is None
