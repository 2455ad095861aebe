"""Who is at the door? Counted before anything is compared, and one answer for every reason (R-RD-14)."""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.utils.crypto import salted_hmac

from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.sign_in import DOORS
from schoolgate.tenancy.throttle import count_try, end_of_window, forget_tries, give_back_try, tries_counted
from schoolgate.tenancy.usernames import fold

WINDOW = timedelta(minutes=30)
TRIES_FOR_A_NAME_FROM_A_SOURCE = 10  # Who forgot a password, or guesses: others keep their own tries for the same name.
TRIES_FOR_A_NAME = 100  # From wherever: many sources together guess no faster than this.
TRIES_FROM_A_SOURCE = 200  # A whole office, or a parents' evening, behind one address.


def prove_sign_in(*, tenant: Tenant, door: str, username: str, password: str, source: str, at: datetime) -> User | None:
    """The active user behind a name and a password; None for a wrong name, a wrong password and too many tries alike.

    door: "staff" or "portal". source: the keyed hash of the caller's address. A proved password gives its tries back.
    The limit is per account and source, so that a stranger's guesses don't lock the person out; it ends by itself.
    Runs outside a transaction, since each try is committed by itself.
    """
    name = fold(username)
    limits = [
        (_bucket_of(door, name), source, TRIES_FOR_A_NAME_FROM_A_SOURCE),
        (f"sign_in.{door}", name, TRIES_FOR_A_NAME),
        ("sign_in.source", source, TRIES_FROM_A_SOURCE),
    ]
    # All are counted, whatever the first one says, so that none can be used up unseen behind another.
    counted = [
        count_try(tenant=tenant, bucket=bucket, subject=subject, limit=limit, window=WINDOW, at=at)
        for bucket, subject, limit in limits
    ]
    user = authenticate(tenant=tenant, door=door, username=username, password=password)
    if user is None or not all(counted):
        _note_lock(tenant=tenant, door=door, name=name, limits=limits[:2], at=at)
        return None
    for bucket, subject, _limit in limits:
        give_back_try(tenant=tenant, bucket=bucket, subject=subject, window=WINDOW, at=at)
    return user


def unlock_sign_in(*, tenant: Tenant, door: str, username: str, at: datetime) -> None:
    """Step: the name may be tried again, from every source. The limit of a source for all names together stays."""
    name = fold(username)
    forget_tries(tenant=tenant, bucket=_bucket_of(door, name), window=WINDOW, at=at)
    forget_tries(tenant=tenant, bucket=f"sign_in.{door}", subject=name, window=WINDOW, at=at)


def _bucket_of(door: str, name: str) -> str:
    """Tries for one name, each source's apart: a bucket of its own, so that the office can unlock them together."""
    return f"sign_in.{door}.{salted_hmac('schoolgate.sign_in', name, algorithm='sha256').hexdigest()[:15]}"


def _note_lock(*, tenant: Tenant, door: str, name: str, limits: list[tuple[str, str, int]], at: datetime) -> None:
    """Once tries for the name are used up, the office sees until when. A name that nobody has costs the same."""
    used_up = [
        tries_counted(tenant=tenant, bucket=bucket, subject=subject, window=WINDOW, at=at) >= limit
        for bucket, subject, limit in limits
    ]
    if any(used_up):
        named = User.objects.for_tenant(tenant).filter(kind__in=DOORS[door], username_folded=name)
        named.update(locked_until=end_of_window(window=WINDOW, at=at))
