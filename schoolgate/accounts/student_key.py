"""A key for student use on its way to an account: is it good, is it this student's, may they have an account? Nothing is used up here."""

from datetime import date, datetime

from schoolgate.accounts.check import raise_if_own, require_use
from schoolgate.accounts.errors import AccountCantRedeem, ProofWanted, SignUpClosedAtSchool, StudentNotReady
from schoolgate.accounts.portal_state import require_sign_up
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.claim import prove_key
from schoolgate.keys.errors import KeyEnded, ProofNotAccepted
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey, Tie
from schoolgate.keys.schemes import TIED, UNKNOWN
from schoolgate.keys.subjects import STUDENT_SELF, subject_of
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import SecondProof, Tenant, User
from schoolgate.tenancy.school_rules import rules_for, schools_stricter_in


def prove_student_key(*, tenant: Tenant, account: User | None, code: KeyCode, at: datetime) -> AccessKey:
    """The key, proved, before the date of birth is asked. account: the student's that is signed in; None for a sign-up.

    Raises what `keys.claim.prove_key` raises, KeyForOtherUse, StudentNotReady, AlreadyTied, AccountCantRedeem, PortalClosed,
    SignUpClosed and SignUpClosedAtSchool. The try is counted around this call.
    """
    require_sign_up(tenant, is_for_student=True)
    try:
        key = prove_key(tenant=tenant, code=code, at=at)
    except KeyEnded as ended:
        if account is not None:
            raise_if_own(ended, tenant=tenant, account=account)
        raise
    require_allowed(tenant=tenant, account=account, key=key, at=at)
    return key


def check_student_key(
    *, tenant: Tenant, account: User | None, code: KeyCode, birth_date: date | None, at: datetime
) -> AccessKey:
    """The same with the second proof. Raises ProofNotAccepted besides; a wrong answer counts as a failed try (R-KY-05).

    Raises ProofWanted where an answer is asked for and none is given, which costs no try.
    """
    key = prove_student_key(tenant=tenant, account=account, code=code, at=at)
    require_own_birth_date(tenant=tenant, key=key, birth_date=birth_date)
    return key


def require_allowed(*, tenant: Tenant, account: User | None, key: AccessKey, at: datetime) -> None:
    """Step: a student's own key, and a record that allows an account (registration-keys §3, G-17); told to whoever holds the key.

    A student's account takes no key but its own student's, after the tie of an earlier one has ended (R-SU-06).
    """
    require_use(key, is_for_student=True)
    if account is not None and not _was_theirs(key, account=account):
        raise AccountCantRedeem
    subject = subject_of(key)
    facts = facts_of(tenant=tenant, subjects=[subject], at=at).get(subject)
    closed = schools_stricter_in(tenant, "student_sign_up")
    if closed and DirectoryStudent.objects.for_tenant(tenant).at_schools(closed).filter(pk=subject.id).exists():
        raise SignUpClosedAtSchool(is_for_student=True)
    why = UNKNOWN if facts is None else facts.never or (TIED if facts.tie_key_ids else "")
    if why:
        raise StudentNotReady(why)


def require_own_birth_date(*, tenant: Tenant, key: AccessKey, birth_date: date | None) -> DirectoryStudent:
    """Step: the student whose key this is, once their date of birth is right (R-SU-03).

    It is asked for where the district or the student's school does so (R-DI-02). Raises ProofWanted and ProofNotAccepted.
    """
    student = (
        DirectoryStudent.objects.for_tenant(tenant).select_related("school", "second_school").get(pk=key.subject_id)
    )
    if proof_asked_of(student, tenant=tenant) == SecondProof.DATE_OF_BIRTH:
        if birth_date is None:
            raise ProofWanted
        if birth_date != student.birth_date:
            raise ProofNotAccepted
    return student


def proof_asked_of(student: DirectoryStudent, *, tenant: Tenant) -> str:
    """What the student's school, or the stricter one of both, asks for besides their own key."""
    return rules_for(tenant=tenant, school_ids=student.school_ids).second_proof


def _was_theirs(key: AccessKey, *, account: User) -> bool:
    """Was the account tied to this very student before, and to nobody now?"""
    ties = Tie.objects.for_tenant(key.tenant).filter(account=account)
    ended = ties.filter(subject_kind=STUDENT_SELF, subject_id=key.subject_id)
    return ended.exists() and not ties.standing().exists()


def student_of_key(*, tenant: Tenant, key_id: int, at: datetime) -> DirectoryStudent | None:
    """Query: whose key this is, for one that this session has proved in full before. None when it has ended since.

    None for a parent's as well: the session may have proved one while an account was signed in that has been stopped since.
    """
    key = AccessKey.objects.for_tenant(tenant).live(at=at).filter(pk=key_id, subject_kind=STUDENT_SELF).first()
    if key is None:
        return None
    students = DirectoryStudent.objects.for_tenant(tenant).select_related("school", "second_school")
    return students.filter(pk=key.subject_id, is_active=True).first()
