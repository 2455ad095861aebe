"""What stands around every page: proxies, health, headers."""

import pytest

from schoolgate.config import health
from schoolgate.config.proxy import ProxyMiddleware
from tests.factories.tenancy import make_tenant


@pytest.mark.parametrize(
    ("proxies", "forwarded", "caller"),
    [
        (0, "9.9.9.9", "10.0.0.1"),  # Nobody is trusted: the header is the caller's own invention.
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),  # What stands left of our proxy's entry was made up.
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
        (2, "9.9.9.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_the_callers_address_is_what_our_own_proxy_saw(rf, settings, proxies, forwarded, caller):
    settings.TRUSTED_PROXIES = proxies
    seen = []
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    ProxyMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]))(request)
    assert seen == [caller]


def test_a_process_that_answers_is_alive_without_its_database(client):
    assert client.get("/health/live").json() == {"live": True}  # No database here: the test would fail on a query.


def test_ready_means_a_database_with_this_versions_schema(client, db):
    assert client.get("/health/ready").json() == {"ready": True}


def test_a_schema_that_is_behind_is_not_ready(client, db, monkeypatch):
    from django.db.migrations.recorder import MigrationRecorder

    monkeypatch.setattr(health, "_schema_is_current", False)
    MigrationRecorder.Migration.objects.filter(app="audit").delete()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "trouble": "schema"}


def test_every_answer_bars_inline_script_frames_and_guessing_of_types(client):
    headers = client.get("/health/live").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_strange_host_name_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["portal.example.org"]
    assert client.get("/health/live", HTTP_HOST="evil.example").status_code == 400


def test_the_bare_address_says_where_to_go_and_names_no_school(client, db):
    first = make_tenant(name="Wattle Creek College")
    assert client.get("/").url == f"/s-{first.code}/"
    make_tenant(name="Banksia High")
    page = client.get("/")
    assert page.status_code == 200
    assert "/s-…/" in page.text
    assert not any(word in page.text for word in ("Wattle", "Banksia", first.code))
    assert client.head("/").status_code == 200
