"""Nothing that a browser can send is answered by a fault of ours (portal-console §12.2: never 500): every address, every field."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from schoolgate.tenancy.models import Role, User
from tests.isolation.matrix import FAMILY, OPEN, REDEEM, ROWS
from tests.isolation.walk import address, addresses
from tests.isolation.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
NAUGHTY = {
    "nul, bidi, a formula": "=\x00\u202e\u2066👩‍👩‍👧\ufeff<script>{{x}}",
    "beyond 64 bits": str(2**63),
    "18 digits": "9" * 18,  # Fits into 64 bits; times the rows of a page it does not.
    "5,000 digits": "9" * 5_000,
    "half a surrogate": "\ud800²٣\r\n",
}
# What pages read of an address or a form. "on" is left out: a switch (was-…) is heard only when it differs from that.
NAMES = set(
    "q page rows sort state school year type kind id who act from to run tab why query next show columns email shared students "
    "pending restricted language expires problem roll_class student contact s c words up_to here out confirmed do shown ticked "
    "address reason name number code link password username current day month key answer family_name given_name contact_no "
    "student_no birth_date title country postcode household relationship order basis ends_on starts_on review_on note role source "
    "format dates also_generate again used became values body subject based_on theme as help_line letter_life_days failed_tries "
    "portal_opens_on files access lives_with whom "
)


def browser(user: User | None) -> Client:
    """Signed in, the password just proved."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend="schoolgate.tenancy.sign_in.TenantBackend")
        session = client.session
        session["password_proved_at"] = timezone.now().isoformat()
        session.save()
    return client


def encoded(value: str, **more: str) -> bytes:
    """The same value for every name, as a browser sends it, half surrogates too."""
    given = {name: value.encode("utf-8", "surrogatepass") for name in NAMES}
    return urlencode(given | {name: text.encode("utf-8", "surrogatepass") for name, text in more.items()}).encode()


def asked(client: Client, name: str, parts: list[str], ours: World) -> Iterator[tuple[str, int]]:
    """(what was sent, the status of the answer)."""
    form = "application/x-www-form-urlencoded"
    here = address(name, parts, ours, ours.ids)
    for what, value in NAUGHTY.items():
        yield f"?{what}", client.get(f"{here}?{encoded(value).decode()}").status_code
        body = encoded(value) + b"&" + urlencode({b"was-" + value.encode("utf-8", "surrogatepass"): "1"}).encode()
        yield what, client.post(here, body, content_type=form).status_code
    yield "?not UTF-8", client.get(f"{here}?q=%ff%fe&page=%ff&sort=%c0%80&next=%ff").status_code
    yield "not UTF-8", client.post(here, b"q=%ff&email=%ff&id=%c0", content_type=form).status_code
    yield "no form", client.post(here, b"\x00\xff", content_type="multipart/form-data; boundary=x").status_code
    numbers = [part for part in parts if part not in {"tenant_code", "section", "channel"}]
    for id_ in (2**63 - 1, 2**63) if numbers else ():
        there = address(name, parts, ours, ours.ids | dict.fromkeys(numbers, id_))
        yield f"id {id_}", client.get(there).status_code
        yield f"id {id_}", client.post(there).status_code


def test_no_address_and_no_form_is_answered_by_a_fault(tmp_path):
    ours = make_world(tmp_path, mark="Oursmark")
    browsers = {"family": browser(ours.family), "nobody": browser(None), "owner": browser(ours.members[Role.OWNER])}
    faults = []
    for name, parts in addresses().items():
        if name.endswith((":sign_out", ":sign_out_everywhere")):
            continue
        who = {FAMILY: "family", OPEN: "nobody", REDEEM: "nobody"}.get(ROWS[name], "owner")
        faults += [f"{name}, {what}" for what, status in asked(browsers[who], name, parts, ours) if status >= 500]
    assert not faults, "\n".join(faults)
