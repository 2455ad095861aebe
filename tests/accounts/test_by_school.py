"""Redemption and sign-up by the rules of the schools (R-DI-02, R-RD-07, R-SU-03)."""

from datetime import date

import pytest

from schoolgate.accounts.errors import ProofWanted, SignUpClosedAtSchool, StudentNotReady
from schoolgate.audit.models import AuditEntry
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.errors import ProofNotAccepted
from schoolgate.keys.models import AccessKey
from schoolgate.keys.throttle import counted_try
from schoolgate.tenancy.models import Tenant
from tests.factories.accounts import BORN, Letter, somebody
from tests.factories.directory import make_link, make_student
from tests.factories.students import Slip
from tests.factories.tenancy import NOW, make_exceptions, make_school

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def letter():
    return easy(Letter())


@pytest.fixture
def slip():
    return easy(Slip())


def easy(one):
    """Its district asks for no second proof."""
    one.tenant.settings.second_proof = "none"
    one.tenant.settings.save()
    return one


def school_of(one):
    return DirectoryStudent.objects.filter(tenant=one.tenant).order_by("pk").first().school


def except_for(one, **columns):
    make_exceptions(school_of(one), **columns)
    one.tenant = Tenant.objects.select_related("settings").get(pk=one.tenant.pk)


def test_a_school_that_asks_for_a_date_of_birth_is_obeyed_and_the_audit_says_so(letter):
    except_for(letter, second_proof="date_of_birth")
    with pytest.raises(ProofWanted):
        letter.redeem(born=None)
    with pytest.raises(ProofNotAccepted):
        letter.redeem(born=date(2000, 1, 1))
    letter.redeem(born=BORN)
    assert AuditEntry.objects.get(act="key.redeemed").detail["proof"] == "date_of_birth"


def test_one_asking_school_among_several_is_enough(letter):
    make_link(make_student(letter.tenant, school=make_school(letter.tenant)), letter.contact)
    except_for(letter, second_proof="date_of_birth")
    with pytest.raises(ProofWanted):
        letter.redeem(born=None)


def test_where_no_school_of_the_key_asks_nothing_is_asked(letter):
    make_exceptions(make_school(letter.tenant), second_proof="date_of_birth")
    letter.redeem(born=None)
    assert AuditEntry.objects.get(act="key.redeemed").detail["proof"] == "none"


def test_no_answer_costs_no_try(letter):
    except_for(letter, second_proof="date_of_birth")
    with pytest.raises(ProofWanted), counted_try(tenant=letter.tenant, code=letter.code, by=somebody(), at=NOW):
        letter.redeem(born=None)
    assert AccessKey.objects.get(pk=letter.key.pk).failures == 0


def test_an_adult_s_key_is_refused_where_its_only_school_is_closed_and_costs_no_try(letter):
    except_for(letter, parent_sign_up=False)
    with (
        pytest.raises(SignUpClosedAtSchool),
        counted_try(tenant=letter.tenant, code=letter.code, by=somebody(), at=NOW),
    ):
        letter.redeem()
    assert letter.nothing_happened()
    assert AccessKey.objects.get(pk=letter.key.pk).failures == 0


def test_an_adult_with_a_child_at_an_open_school_is_let_in(letter):
    make_link(make_student(letter.tenant, school=make_school(letter.tenant)), letter.contact)
    except_for(letter, parent_sign_up=False)
    letter.redeem()


def test_a_student_s_key_obeys_their_school(slip):
    except_for(slip, student_sign_up=False)
    with pytest.raises(SignUpClosedAtSchool):
        slip.sign_up()


def test_a_student_s_school_may_ask_for_the_date_of_birth(slip):
    except_for(slip, second_proof="date_of_birth")
    with pytest.raises(ProofWanted):
        slip.sign_up(born=None)
    slip.sign_up()
    assert AuditEntry.objects.get(act="key.redeemed").detail["proof"] == "date_of_birth"


def test_a_student_too_young_for_their_school_gets_no_account(slip):
    except_for(slip, student_minimum_age=18)
    with pytest.raises(StudentNotReady) as refused:
        slip.sign_up()
    assert refused.value.why == "under_age"
