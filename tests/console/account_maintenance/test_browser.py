"""Account Maintenance in a real browser: axe on each page, narrow, dark; and an account looked after from search to undo (design.md §13)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.accounts.delete_account import delete_account
from schoolgate.accounts.disable import disable_accounts
from schoolgate.accounts.disclaim import disclaim_child
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.tenancy.models import User
from tests.console.test_data_sync_browser import check, sign_in
from tests.factories.accounts import family
from tests.factories.directory import make_bar, make_contact, make_link, make_student
from tests.factories.keys import make_redeemed_key
from tests.factories.tenancy import actor, make_account, make_member, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant(portal_open=True, help_line="02 5550 1234")


@pytest.fixture
def accounts(tenant):
    """One of each kind: well, locked, stopped, deleted, without a key, without an address."""
    now, school = timezone.now(), make_school(tenant, name="Senior Campus")
    made = {}
    for name in ("amara", "locked", "stopped", "deleted", "said"):
        made[name] = account = make_account(tenant, email=f"{name}.okafor@home.example")
        contact, child = make_contact(tenant, given_name=name.title()), make_student(tenant, school=school)
        make_link(child, contact)
        make_redeemed_key(contact, account=account, at=now - timedelta(days=3))
        User.objects.filter(pk=account.pk).update(name=f"{name.title()} Okafor", last_login=now - timedelta(days=2))
        made[f"{name}'s child"], made[f"{name}'s contact"] = child, contact
    barred = make_contact(tenant, given_name="Barred")
    make_bar(made["amara's child"], barred)
    make_link(make_student(tenant, school=school), made["amara's contact"])
    User.objects.filter(pk=made["locked"].pk).update(locked_until=now + timedelta(minutes=20))
    disable_accounts(
        school_ids=None, tenant=tenant, account_ids=[made["stopped"].pk], reason="Moved away", by=actor(), at=now
    )
    delete_account(
        school_ids=None, tenant=tenant, account_id=made["deleted"].pk, reason="Asked for it", by=actor(), at=now
    )
    said = made["said"]
    disclaim_child(tenant=tenant, account=said, student_id=made["said's child"].pk, by=family(said), at=now)
    made["pupil"] = make_account(tenant, email="pupil42", kind="student")
    User.objects.filter(pk=made["pupil"].pk).update(email="", email_confirmed_at=None, name="Nell Okafor")
    return made


def test_axe_finds_nothing_on_any_page(page, live_server, tenant, accounts):
    sign_in(page, f"{live_server.url}/s-{tenant.code}/", make_member(tenant))
    amara, child = accounts["amara"], accounts["amara's child"]

    def go(name, *ids, query=""):
        here = reverse(f"console:account_maintenance:{name}", args=[tenant.code, *ids])
        page.goto(f"{live_server.url}{here}{query}")
        check(page)

    go("search")
    go("search", query="?accounts=all")
    go("search", query="?go=1&last_name=o")
    go("search", query="?accounts=without&last_name=amara")
    go("export", query="?accounts=all")
    page.fill("[name=reason]", "Parents' evening")
    page.click("text=Make the list")
    page.wait_for_selector("text=You can leave this page.")
    check(page)
    run_job(Job.objects.latest("pk").pk)
    page.wait_for_selector("text=The list is ready")  # By itself.
    check(page)
    for name in ("amara", "locked", "stopped", "deleted", "said", "pupil"):
        go("account", accounts[name].pk)
    for name in ("history", "update", "address", "reset", "disable", "delete"):
        go(name, amara.pk)
    go("enable", accounts["stopped"].pk)
    go("rename", accounts["pupil"].pk)
    go("code", accounts["pupil"].pk)
    page.fill("[name=checked]", "In person")
    page.click("text=Make the code")
    page.wait_for_selector(".sg-code")
    check(page)
    go("remove_student", amara.pk, child.pk)
    page.goto(f"{live_server.url}{reverse('console:account_maintenance:account', args=[tenant.code, amara.pk])}")
    page.click("text=Unlink…")
    check(page)
    for name in ("recover_code", "new_address"):
        page.context.clear_cookies()
        page.goto(f"{live_server.url}{reverse(f'portal:{name}', args=[tenant.code])}")
        check(page)


def test_from_the_search_to_the_bin_and_back(page, live_server, tenant, accounts):
    address = f"{live_server.url}/s-{tenant.code}/"
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, address, make_member(tenant))
    page.click("nav >> text=Account Maintenance")
    page.fill("[name=last_name]", "amara")
    page.click("main >> text=Go")
    page.click("text=Amara Okafor")
    page.click("text=Delete…")
    page.fill("[name=reason]", "Asked for it")
    page.click("button:has-text('Delete')")
    page.wait_for_selector("text=Undo Delete")
    page.click("text=Undo Delete")
    page.wait_for_selector("text=Taken back.")
