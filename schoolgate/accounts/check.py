"""The pages before the last one: is this key good, is the answer right, which children would it open? Nothing is used up here."""

from collections.abc import Iterable
from datetime import date, datetime

from schoolgate.accounts.errors import AccountCantRedeem, KeyForOtherUse, NobodyToSee, ProofWanted, SignUpClosedAtSchool
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.accounts.queries import births_and_schools_of, students_if_tied
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.claim import prove_key
from schoolgate.keys.errors import AlreadyTied, KeyEnded, ProofNotAccepted
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.keys.subjects import STUDENT_SELF, subject_of
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import SecondProof, Tenant, User, UserKind
from schoolgate.tenancy.school_rules import parents_may_sign_up, rules_for


def check_key(*, tenant: Tenant, account: User, code: KeyCode, at: datetime) -> AccessKey:
    """The key, proved and good, with somebody to see; the second proof comes next. The try is counted around this call.

    Raises what `keys.claim.prove_key` raises, AlreadyTied, NobodyToSee, SignUpClosedAtSchool, AccountCantRedeem and PortalClosed.
    """
    require_redeemer(tenant=tenant, account=account)
    try:
        key = prove_key(tenant=tenant, code=code, at=at)
    except KeyEnded as ended:
        raise_if_own(ended, tenant=tenant, account=account)
        raise
    require_use(key, is_for_student=False)
    if (
        Tie.objects.for_tenant(tenant)
        .standing()
        .filter(
            account=account, subject_id=key.subject_id, subject_kind=key.subject_kind, addressee_id=key.addressee_id
        )
        .exists()
    ):
        raise AlreadyTied
    if not students_if_tied(tenant=tenant, account=account, subject=subject_of(key), at=at).exists():
        raise NobodyToSee
    require_sign_up_at_school(tenant=tenant, key=key, at=at)
    return key


def check_second_proof(
    *, tenant: Tenant, account: User, code: KeyCode, birth_date: date | None, at: datetime
) -> AccessKey:
    """The same with the second proof. Raises ProofNotAccepted besides; a wrong answer counts as a failed try (R-KY-05).

    Raises ProofWanted where an answer is asked for and none is given, which costs no try.
    """
    key = check_key(tenant=tenant, account=account, code=code, at=at)
    require_second_proof(tenant=tenant, key=key, birth_date=birth_date, at=at)
    return key


def children_of_key(*, tenant: Tenant, account: User, key_id: int, at: datetime) -> list[DirectoryStudent]:
    """Query: the children that a key would open, for a key that this session has proved in full before. Empty when it has ended since."""
    key = AccessKey.objects.for_tenant(tenant).live(at=at).filter(pk=key_id).first()
    if key is None:
        return []
    return list(students_if_tied(tenant=tenant, account=account, subject=subject_of(key), at=at))


def require_redeemer(*, tenant: Tenant, account: User) -> None:
    """A family's own account with a proved address (R-RD-03, R-RD-11), while sign-up is open to parents (R-ST-09, registration-keys §9).

    An account without an address is one that the school made and handed over itself (spine §2).
    """
    require_sign_up(tenant, is_for_student=False)
    if account.kind != UserKind.FAMILY or (account.email and account.email_confirmed_at is None):
        raise AccountCantRedeem


def require_use(key: AccessKey, *, is_for_student: bool) -> None:
    """Step: a key for student use makes a student's account, every other a family's (R-SU-06). Raises KeyForOtherUse."""
    if (key.subject_kind == STUDENT_SELF) != is_for_student:
        raise KeyForOtherUse(is_for_student=not is_for_student)


def require_sign_up_at_school(*, tenant: Tenant, key: AccessKey, at: datetime) -> None:
    """Step: one school of the students whom an adult's key opens lets adults use keys (R-DI-02). Raises SignUpClosedAtSchool."""
    opened = births_and_schools_of(tenant=tenant, subject=subject_of(key), at=at)
    if not parents_may_sign_up(tenant=tenant, school_ids=_schools_of(opened)):
        raise SignUpClosedAtSchool(is_for_student=False)


def require_second_proof(*, tenant: Tenant, key: AccessKey, birth_date: date | None, at: datetime) -> str:
    """Step: the date of birth of any student whom the key opens (R-RD-07, E-19). Gives what was asked for.

    It is asked for where the district, or the school of one of these students, does so (R-DI-02). Raises NobodyToSee without such a child, ProofWanted and ProofNotAccepted.
    """
    opened = births_and_schools_of(tenant=tenant, subject=subject_of(key), at=at)
    if not opened:
        raise NobodyToSee
    asked = rules_for(tenant=tenant, school_ids=_schools_of(opened)).second_proof
    if asked == SecondProof.DATE_OF_BIRTH:
        if birth_date is None:
            raise ProofWanted
        if birth_date not in {born for born, _ in opened}:
            raise ProofNotAccepted
    return asked


def _schools_of(opened: Iterable[tuple[date | None, frozenset[int]]]) -> frozenset[int]:
    """Of all these students together."""
    return frozenset().union(*(schools for _, schools in opened))


def raise_if_own(ended: KeyEnded, *, tenant: Tenant, account: User) -> None:
    """A key that this very account used, and that still holds, is "already added" (R-RD-06)."""
    if Tie.objects.for_tenant(tenant).standing().filter(key=ended.key, account=account).exists():
        raise AlreadyTied from ended
