"""Restrictions that an import recorded act at once, whoever applied it (R-RX-02, R-RX-08)."""

import pytest
from django.utils import timezone

from schoolgate.directory.models import DirectoryBar
from schoolgate.enrolments.import_options import ImportOptions
from schoolgate.enrolments.import_roster import import_roster
from schoolgate.enrolments.roster.files import RosterFiles
from schoolgate.enrolments.roster.findings import Findings
from schoolgate.sync.models import SyncRun
from schoolgate.sync.sweeps import WITHDRAW
from tests.factories.rosters import one_family, uploads_of
from tests.factories.sync import sync
from tests.factories.tenancy import actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def take(tenant, files):
    findings = Findings()
    options = ImportOptions(accepts_warnings=True, approves=True)
    with RosterFiles.gather(uploads_of(files), findings) as gathered:
        import_roster(tenant=tenant, files=gathered, findings=findings, options=options, by=actor(), at=timezone.now())


def sweep():
    return dict(WITHDRAW.run(timezone.now()))


def test_a_restriction_of_an_import_is_withdrawn_by_the_next_sweep_and_once():
    tenant = make_tenant()
    take(tenant, one_family())
    sync(tenant, at=timezone.now())
    assert sweep() == {"links_withdrawn": 0}
    take(tenant, one_family(tie={"restriction": "no_access"}))
    assert sweep() == {"links_withdrawn": 1}
    assert DirectoryBar.objects.for_tenant(tenant).count() == 1
    runs = SyncRun.objects.for_tenant(tenant).count()
    assert sweep() == {"links_withdrawn": 0}
    assert SyncRun.objects.for_tenant(tenant).count() == runs


def test_a_restriction_of_people_who_are_not_published_waits_for_the_sync():
    tenant = make_tenant()
    take(tenant, one_family(tie={"restriction": "no_access"}))
    assert sweep() == {"links_withdrawn": 0}
    assert not SyncRun.objects.for_tenant(tenant).exists()


def test_with_nothing_waiting_a_sweep_is_one_query(django_assert_num_queries):
    make_tenant()
    with django_assert_num_queries(1):
        sweep()
