"""Accounts on their way in, by the real actions."""

from datetime import date, datetime
from typing import Any

from schoolgate.accounts.models import PasswordReset, Registration
from schoolgate.accounts.recover import ask_for_password_link
from schoolgate.accounts.redeem import redeem_key
from schoolgate.accounts.register import register_account
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.directory.models import DirectoryStudent
from schoolgate.keys.models import KeyState, Tie
from schoolgate.letters.models import Message
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, TenantSettings, User
from schoolgate.tenancy.one_time import one_time_token
from tests.factories.directory import make_contact, make_link, make_student
from tests.factories.keys import code_of, make_key
from tests.factories.tenancy import NOW, make_account, make_tenant

BORN = date(2014, 3, 27)  # As tests.factories.directory makes students.


def somebody(source: str = "phone") -> Actor:
    """A person who isn't signed in, at an address of their own."""
    return Actor(kind=ActorKind.FAMILY, via="portal", source=source)


def family(account: User, *, source: str = "phone") -> Actor:
    return Actor(kind=ActorKind(account.kind), user_id=account.pk, via="portal", source=source)


def register(
    tenant: Tenant, email: str = "amara@home.example", *, at: datetime = NOW, source: str = "phone"
) -> Registration | None:
    """Ask for an account; None when the address has one."""
    registration_id = register_account(tenant=tenant, email=email, language="en", by=somebody(source), at=at)
    return Registration.objects.for_tenant(tenant).filter(pk=registration_id or 0).first()


def ask_for_link(tenant: Tenant, email: str) -> str:
    """What the mailed link's fragment says; empty when no mail was queued."""
    before = PasswordReset.objects.for_tenant(tenant).count()
    ask_for_password_link(tenant=tenant, email=email, by=somebody(), at=NOW)
    resets = PasswordReset.objects.for_tenant(tenant).order_by("pk")
    return token_of(resets.last()) if resets.count() > before else ""


def token_of(row: Registration | PasswordReset | None) -> str:
    assert row is not None
    return f"{row.pk}.{one_time_token(row.nonce)}"


class Letter:
    """A tenant, a contact with one child, a live key, an account that holds its letter."""

    def __init__(self, **settings: Any) -> None:
        self.tenant = make_tenant(portal_open=True, help_line="02 5550 1234", **settings)
        self.contact = make_contact(self.tenant, email="on.file@home.example")
        self.child = make_student(self.tenant, birth_date=BORN)
        make_link(self.child, self.contact)
        self.key = make_key(self.contact)
        self.code = code_of(self.key)
        self.account = make_account(self.tenant, email="amara@home.example")
        self.sibling: DirectoryStudent | None = None

    def redeem(
        self, *, account: User | None = None, code: KeyCode | None = None, born: date | None = BORN, **more: Any
    ) -> Tie:
        account = account or self.account
        return redeem_key(
            tenant=Tenant.objects.select_related("settings").get(pk=self.tenant.pk),
            account=account,
            code=code or self.code,
            birth_date=born,
            by=family(account),
            at=more.pop("at", NOW),
            **more,
        )

    def set(self, **settings: Any) -> None:
        TenantSettings.objects.filter(tenant=self.tenant).update(**settings)

    def nothing_happened(self) -> bool:
        self.key.refresh_from_db()
        is_live = self.key.state == KeyState.LIVE and self.key.sealed is not None
        return is_live and not Tie.objects.exists() and not Message.objects.exists()
