"""The office's door: one answer for every refusal, counted tries, fresh sign-in before danger (A2, R-RD-14)."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from schoolgate.console.fresh import FRESH_FOR
from schoolgate.tenancy.add_member import add_member
from schoolgate.tenancy.models import Role, ThrottleCount, User
from schoolgate.tenancy.prove_sign_in import TRIES_FOR_A_NAME, TRIES_FOR_A_NAME_FROM_A_SOURCE, prove_sign_in
from tests.factories.tenancy import NOW, PASSWORD, actor, make_account, make_member, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant()


def door(tenant, name="sign_in"):
    return reverse(f"console:{name}", args=[tenant.code])


def sign_in(client, tenant, username, password=PASSWORD, **more):
    return client.post(door(tenant), {"username": username, "password": password, **more})


def test_a_member_comes_in_and_lands_where_they_wanted_to_go(client, tenant):
    member = make_member(tenant)
    wanted = reverse("console:enrolments:students", args=[tenant.code])
    response = client.get(wanted)
    assert response.url == f"{door(tenant)}?next={wanted}"
    assert sign_in(client, tenant, member.username.upper(), next=wanted).url == wanted
    assert client.get(wanted).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/s-OTHER1/console/", "javascript:x"])
def test_nobody_is_sent_elsewhere(client, tenant, elsewhere):
    member = make_member(tenant)
    assert sign_in(client, tenant, member.username, next=elsewhere).url == door(tenant, "home")


def test_wrong_name_wrong_password_and_too_many_tries_get_one_answer(client, tenant):
    """Nothing tells whether an e-mail exists."""
    member = make_member(tenant)

    def answer(username, password="wrong"):
        response = sign_in(client, tenant, username, password)
        return response.status_code, re.sub(r'value="[A-Za-z0-9]{64}"', "", response.text.replace(username, "…"))

    first = answer(member.username)
    assert first[0] == 422
    assert "do not belong together" in first[1]
    assert answer("nobody@school.example") == first
    for _ in range(TRIES_FOR_A_NAME_FROM_A_SOURCE):
        answer(member.username)
    assert answer(member.username, PASSWORD) == first
    assert "_auth_user_id" not in client.session


def test_a_strangers_guesses_lock_nobody_else_out(tenant):
    """The limit is per account and source (R-RD-14)."""
    member = make_member(tenant)

    def prove(source, password, at=NOW):
        return prove_sign_in(
            tenant=tenant, door="staff", username=member.username, password=password, source=source, at=at
        )

    for _ in range(TRIES_FOR_A_NAME_FROM_A_SOURCE):
        assert prove("stranger", "wrong") is None
    assert prove("stranger", PASSWORD) is None
    assert prove("office", PASSWORD) == member
    assert prove("stranger", PASSWORD, NOW + timedelta(minutes=30)) == member


def test_many_sources_together_guess_no_faster(tenant):
    member = make_member(tenant)

    def prove(source, password):
        return prove_sign_in(
            tenant=tenant, door="staff", username=member.username, password=password, source=source, at=NOW
        )

    for n in range(TRIES_FOR_A_NAME):
        assert prove(f"source {n}", "wrong") is None
    assert prove("one more", PASSWORD) is None


def test_a_proved_password_gives_its_tries_back(client, tenant):
    member = make_member(tenant)
    for _ in range(3 * TRIES_FOR_A_NAME_FROM_A_SOURCE):
        assert sign_in(client, tenant, member.username).status_code == 302
    assert not ThrottleCount.objects.filter(tries__gt=0).exists()


@pytest.mark.parametrize("who", ["family", "other tenant", "inactive"])
def test_only_this_tenants_active_staff_come_in(client, tenant, who):
    user = {"family": make_account, "other tenant": lambda _: make_member(make_tenant()), "inactive": make_member}[who](
        tenant
    )
    if who == "inactive":
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert sign_in(client, tenant, user.username).status_code == 422


def test_a_session_of_another_tenant_is_no_session_here(client, tenant):
    client.force_login(make_member(make_tenant()))
    assert client.get(door(tenant, "home")).url.startswith(door(tenant))


def test_signing_out_ends_the_session(client, tenant):
    client.force_login(make_member(tenant))
    client.post(door(tenant, "sign_out"))
    assert client.get(door(tenant, "home")).status_code == 302


def test_a_sign_in_link_sets_a_password_once(client, tenant):
    added = add_member(tenant=tenant, email="new@school.example", role=Role.AUDITOR, by=actor(), at=NOW)
    link = f"https://portal.example/s-{tenant.code}/console/welcome/#t={added.token}"
    short = client.post(door(tenant, "welcome"), {"link": link, "password": "short"})
    assert short.status_code == 422
    response = client.post(door(tenant, "welcome"), {"link": link, "password": PASSWORD})
    assert response.url == door(tenant, "home")
    assert client.get(response.url).status_code == 200
    again = client.post(door(tenant, "welcome"), {"link": link, "password": PASSWORD + "!"})
    assert again.status_code == 422
    assert "used, or is too old" in again.text


def test_a_link_of_another_tenant_opens_nothing(client, tenant):
    added = add_member(tenant=make_tenant(), email="new@school.example", role=Role.OWNER, by=actor(), at=NOW)
    response = client.post(door(tenant, "welcome"), {"link": added.token, "password": PASSWORD})
    assert response.status_code == 422


def test_a_sensitive_page_asks_for_the_password_after_15_minutes(client, tenant):
    member = make_member(tenant, Role.OWNER)
    sign_in(client, tenant, member.username)
    page = reverse("console:records:member_add", args=[tenant.code])
    assert client.get(page).status_code == 200
    session = client.session
    session["password_proved_at"] = (timezone.now() - FRESH_FOR - timedelta(seconds=1)).isoformat()
    session.save()
    asked = client.get(page)
    assert asked.url == f"{door(tenant, 'fresh')}?next={page}"
    assert client.post(asked.url, {"password": "wrong"}).status_code == 422
    assert client.post(asked.url, {"password": PASSWORD}).url == page
    assert client.get(page).status_code == 200


def test_a_session_that_never_proved_a_password_is_not_fresh(client, tenant):
    client.force_login(make_member(tenant, Role.OWNER))
    assert client.get(reverse("console:records:member_add", args=[tenant.code])).status_code == 302


def test_an_htmx_request_without_a_session_is_sent_to_the_door_whole(client, tenant):
    response = client.get(reverse("console:enrolments:students", args=[tenant.code]), headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(door(tenant))


def test_the_theme_is_a_cookie_that_the_page_is_drawn_by(client, tenant):
    response = client.post(reverse("theme"), {"theme": "dark", "next": door(tenant)})
    assert response.url == door(tenant)
    assert 'data-bs-theme="dark"' in client.get(door(tenant)).text
    client.post(reverse("theme"), {"theme": "device"})
    assert "data-bs-theme" not in client.get(door(tenant)).text


def test_pages_of_a_tenant_are_kept_by_no_cache(client, tenant):
    """R-RD-15."""
    response = client.get(door(tenant))
    assert "no-store" in response.headers["Cache-Control"]
    assert "Cookie" in response.headers["Vary"]
