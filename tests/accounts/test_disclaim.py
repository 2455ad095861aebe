"""*These are not my children* (R-RD-09), *This is not my child* (B-07)."""

from datetime import date

import pytest

from schoolgate.accounts.disclaim import disclaim_child, disclaim_key, restore_child
from schoolgate.accounts.queries import children_of
from schoolgate.audit.models import AuditEntry
from schoolgate.keys.errors import KeyEnded, ProofNotAccepted
from schoolgate.keys.models import KeyState, Tie
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import OfficeNotice
from tests.factories.accounts import BORN, Letter, family
from tests.factories.directory import make_link, make_student
from tests.factories.tenancy import NOW, actor, make_account, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter() -> Letter:
    return Letter()


def disclaim(letter: Letter, born: date = BORN) -> None:
    disclaim_key(
        tenant=letter.tenant,
        account=letter.account,
        code=letter.code,
        birth_date=born,
        by=family(letter.account),
        at=NOW,
    )


def test_a_disclaimed_key_is_locked_and_binds_nothing(letter: Letter) -> None:
    disclaim(letter)
    letter.key.refresh_from_db()
    assert (letter.key.state, letter.key.locked_at) == (KeyState.LIVE, NOW)
    assert not Tie.objects.exists()


def test_the_office_is_told(letter: Letter) -> None:
    disclaim(letter)
    notice = OfficeNotice.objects.for_tenant(letter.tenant).get()
    assert notice.kind == "key.disclaimed"
    assert notice.subjects == [["key", letter.key.pk], ["contact", letter.contact.pk], ["account", letter.account.pk]]
    assert AuditEntry.objects.filter(act="key.disclaimed").get().subjects == notice.subjects


def test_whoever_can_t_answer_the_question_can_t_lock_a_key(letter: Letter) -> None:
    with pytest.raises(ProofNotAccepted):
        disclaim(letter, date(2000, 1, 1))
    letter.key.refresh_from_db()
    assert letter.key.locked_at is None


def test_a_disclaimed_key_is_used_by_nobody(letter: Letter) -> None:
    disclaim(letter)
    with pytest.raises(KeyEnded):
        letter.redeem()


def test_a_used_key_can_t_be_disclaimed(letter: Letter) -> None:
    letter.redeem(account=make_account(letter.tenant))
    with pytest.raises(KeyEnded):
        disclaim(letter)
    assert Tie.objects.standing().exists()


class TestOneChild:
    @pytest.fixture
    def connected(self, letter: Letter) -> Letter:
        letter.sibling = make_student(letter.tenant)
        make_link(letter.sibling, letter.contact)
        letter.redeem()
        return letter

    def say(self, letter: Letter, student_id: int) -> None:
        disclaim_child(
            tenant=letter.tenant, account=letter.account, student_id=student_id, by=family(letter.account), at=NOW
        )

    def seen(self, letter: Letter) -> list[int]:
        return [child.pk for child in children_of(tenant=letter.tenant, account=letter.account, at=NOW)]

    def test_that_child_is_gone_at_once_and_the_other_stays(self, connected: Letter) -> None:
        self.say(connected, connected.child.pk)
        assert self.seen(connected) == [connected.sibling.pk]
        assert Tie.objects.standing().count() == 1

    def test_the_office_is_told_once(self, connected: Letter) -> None:
        self.say(connected, connected.child.pk)
        with pytest.raises(NotFound):
            self.say(connected, connected.child.pk)
        notice = OfficeNotice.objects.for_tenant(connected.tenant).get()
        assert (notice.kind, notice.subjects[1]) == ("child.disclaimed", ["student", connected.child.pk])

    def test_the_school_restores(self, connected: Letter) -> None:
        self.say(connected, connected.child.pk)
        by = actor(make_member(connected.tenant))
        for expected in (True, False):
            restored = restore_child(
                tenant=connected.tenant, account=connected.account, student_id=connected.child.pk, by=by, at=NOW
            )
            assert restored is expected
        assert connected.child.pk in self.seen(connected)

    def test_said_again_after_the_restoration_it_holds_again(self, connected: Letter) -> None:
        self.say(connected, connected.child.pk)
        restore_child(
            tenant=connected.tenant, account=connected.account, student_id=connected.child.pk, by=actor(), at=NOW
        )
        self.say(connected, connected.child.pk)
        assert connected.child.pk not in self.seen(connected)

    def test_a_child_that_is_not_seen_is_not_found(self, connected: Letter) -> None:
        with pytest.raises(NotFound):
            self.say(connected, make_student(connected.tenant).pk)
