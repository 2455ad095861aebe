"""Two walls keep a restricted pair closed: the published flag, and the published bar. Each holds with the other taken down."""

import pytest

from schoolgate.directory.models import DirectoryAssociation, DirectoryBar
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Association
from tests.factories.enrolments import make_restriction
from tests.factories.sync import crowd, sees, sync
from tests.factories.tenancy import make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair():
    """A restricted pair whose flag an import has turned on all the same, published."""
    tenant = make_tenant()
    pair, *_ = crowd(tenant, make_school(tenant), pairs=2)
    make_restriction(pair.student, pair.contact)
    Association.objects.filter(pk=pair.pk).update(receives_portal_access=True, changed_no=tick(tenant=tenant))
    sync(tenant)
    return pair


def take_the_bar_down(pair):
    assert DirectoryBar.objects.filter(contact_id=pair.contact_id).delete()[0] == 1


def take_the_flag_down(pair):
    assert DirectoryAssociation.objects.filter(pk=pair.pk, portal_access=False).update(portal_access=True) == 1


def test_the_flag_alone_holds(pair):
    take_the_bar_down(pair)
    assert not sees(pair)


def test_the_bar_alone_holds(pair):
    take_the_flag_down(pair)
    assert not sees(pair)


def test_without_both_the_pair_would_be_seen(pair):
    """The control: these tests can fail."""
    take_the_bar_down(pair)
    take_the_flag_down(pair)
    assert sees(pair)
