"""Nothing typed is lost when a sign-in has gone stale, and nothing is sent without a press (design.md §7)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from schoolgate.console.kept_form import KEPT_FOR, take_form
from schoolgate.enrolments.models import Restriction
from tests.console.enrolments_pages import address, sign_in
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.tenancy import PASSWORD, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tie():
    tenant = make_tenant()
    return make_association(make_student(tenant), make_contact(tenant))


def send_late(client, tie, **changes):
    """Post a restriction with a sign-in that is too old; the page that asks for the password."""
    session = client.session
    session["password_proved_at"] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    form = {"whom": "one", "kind": "no_access", "starts_on": "2020-01-01", "reason": 'Order "4711" & <more>', **changes}
    page = address(tie.tenant, "restrict", tie.student_id, tie.contact_id)
    return client.post(page, form).url


def test_a_late_form_is_offered_again_whole_and_saved_on_a_press(client, tie):
    sign_in(client, tie.tenant)
    kept = client.post(send_late(client, tie), {"password": PASSWORD})
    assert not Restriction.objects.exists()
    fields = {unescape(n): unescape(v) for n, v in re.findall(r'hidden" name="([^"]+)" value="([^"]*)"', kept.text)}
    action = re.search(r'method="post" action="([^"]+)"', kept.text)[1]
    assert fields["reason"] == 'Order "4711" & <more>'
    client.post(action, fields)
    assert Restriction.objects.count() == 1


def test_it_rests_sealed(client, tie):
    sign_in(client, tie.tenant)
    send_late(client, tie)
    assert "4711" not in str(Session.objects.get().get_decoded())


def test_it_is_forgotten_after_half_an_hour(client, tie):
    sign_in(client, tie.tenant)
    send_late(client, tie)
    request = client.get(reverse("console:fresh", args=[tie.tenant.code])).wsgi_request
    assert take_form(request, at=timezone.now() + KEPT_FOR + timedelta(minutes=1)) is None


def test_it_is_offered_once(client, tie):
    sign_in(client, tie.tenant)
    asked = send_late(client, tie)
    assert "Your form is still here" in client.post(asked, {"password": PASSWORD}).text
    assert client.post(asked, {"password": PASSWORD}).status_code == 302


def test_it_is_offered_to_nobody_else(client, tie):
    sign_in(client, tie.tenant)
    asked = send_late(client, tie)
    sealed = client.session["kept_form"]
    sign_in(client, tie.tenant)
    session = client.session
    session["kept_form"] = sealed
    session.save()
    assert client.post(asked, {"password": PASSWORD}).status_code == 302


def test_a_form_too_long_to_keep_is_let_go(client, tie):
    sign_in(client, tie.tenant)
    asked = send_late(client, tie, note="x" * 60_000)
    assert client.post(asked, {"password": PASSWORD}).status_code == 302
