"""When keys end (R-KY-06, R-ST-07)."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from schoolgate.keys.expiry import (
    first_last_day,
    last_day_when_emailed,
    last_day_when_printed,
    note_emailed,
    note_printed,
)
from schoolgate.keys.models import AccessKey
from schoolgate.tenancy.dates import last_day_before
from schoolgate.tenancy.models import TenantSettings
from tests.factories.keys import make_key, make_linked_contact
from tests.factories.tenancy import NOW, make_tenant

MADE = date(2026, 11, 24)
days = st.integers(0, 400).map(lambda number: MADE + timedelta(days=number))


def test_a_key_that_nobody_has_seen_lives_as_long_as_a_letter():
    assert first_last_day(made_on=MADE, letter_life_days=60) == date(2027, 1, 23)


def test_a_printed_key_lives_sixty_days_from_its_printing():
    printed_on = MADE + timedelta(days=10)
    last_day = last_day_when_printed(
        last_day=MADE + timedelta(days=60), made_on=MADE, today=printed_on, letter_life_days=60
    )
    assert last_day == printed_on + timedelta(days=60)


def test_a_mailed_key_lives_seven_days_from_its_hand_over():
    last_day = last_day_when_emailed(
        last_day=MADE + timedelta(days=60), made_on=MADE, today=MADE, email_life_days=7, stays_later=False
    )
    assert last_day == MADE + timedelta(days=7)


def test_a_key_both_printed_and_mailed_lives_to_the_later_date():
    last_day = last_day_when_emailed(
        last_day=MADE + timedelta(days=60), made_on=MADE, today=MADE, email_life_days=7, stays_later=True
    )
    assert last_day == MADE + timedelta(days=60)


@given(days, days, st.integers(7, 180))
def test_printing_never_shortens_a_date_nor_passes_180_days(last_day, today, life):
    last_day = min(last_day, MADE + timedelta(days=180))
    found = last_day_when_printed(last_day=last_day, made_on=MADE, today=today, letter_life_days=life)
    assert last_day <= found <= MADE + timedelta(days=180)


@given(days, days, st.integers(1, 30), st.booleans())
def test_a_mail_never_shortens_a_date_that_is_out(last_day, today, life, stays_later):
    last_day = min(last_day, MADE + timedelta(days=180))
    found = last_day_when_emailed(
        last_day=last_day, made_on=MADE, today=today, email_life_days=life, stays_later=stays_later
    )
    assert found <= MADE + timedelta(days=180)
    assert not stays_later or found >= last_day


@pytest.mark.django_db
class TestSteps:
    @pytest.fixture
    def tenant(self):
        return make_tenant(time_zone="Australia/Sydney")

    def last_day(self, tenant, key):
        key.refresh_from_db()
        return last_day_before(tenant, key.expires_at)

    def test_letters_and_mails_state_the_date_in_force_when_made(self, tenant):
        key = make_key(make_linked_contact(tenant))
        later = NOW + timedelta(days=5)
        with transaction.atomic():
            [out] = note_emailed(tenant=tenant, key_ids=[key.pk], at=NOW).values()
        assert out.last_day == self.last_day(tenant, key) == date(2026, 12, 1)
        with transaction.atomic():
            [out] = note_printed(tenant=tenant, key_ids=[key.pk], at=later).values()
        assert out.last_day == self.last_day(tenant, key) == date(2027, 1, 28)
        assert (key.emailed_at, key.printed_at) == (NOW, later)

    def test_a_shortened_life_never_shortens_a_printed_date(self, tenant):
        """R-ST-07."""
        key = make_key(make_linked_contact(tenant))
        with transaction.atomic():
            note_printed(tenant=tenant, key_ids=[key.pk], at=NOW)
        TenantSettings.objects.filter(tenant=tenant).update(letter_life_days=7)
        tenant.settings.refresh_from_db()
        with transaction.atomic():
            [out] = note_printed(tenant=tenant, key_ids=[key.pk], at=NOW + timedelta(days=1)).values()
        assert out.last_day == date(2027, 1, 23)

    def test_keys_that_are_not_live_are_left_out(self, tenant):
        keys = [make_key(make_linked_contact(tenant)) for _ in range(4)]
        live, locked, revoked, overdue = [key.pk for key in keys]
        AccessKey.objects.filter(pk=locked).update(locked_at=NOW)
        AccessKey.objects.filter(pk=revoked).update(state="revoked", ended_at=NOW, sealed=None)
        AccessKey.objects.filter(pk=overdue).update(expires_at=NOW)
        with transaction.atomic():
            out = note_printed(tenant=tenant, key_ids=[live, locked, revoked, overdue], at=NOW)
        assert set(out) == {live, locked}
