"""A student with a key of their own, as a class slip hands it over."""

from datetime import date, datetime
from typing import Any

from schoolgate.accounts.sign_up import sign_up_student
from schoolgate.keys.models import KeyState, Tie
from schoolgate.keys.subjects import of_students
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.models import Tenant, TenantSettings, User, UserKind
from tests.factories.accounts import BORN, somebody
from tests.factories.directory import make_student
from tests.factories.keys import code_of, make_key_for
from tests.factories.tenancy import NOW, make_tenant

USERNAME, PASSWORD = "ada2014", "four words that differ"


class Slip:
    """A tenant, a student, a live key for student use."""

    def __init__(self, tenant: Tenant | None = None, *, at: datetime = NOW, **student: Any) -> None:
        self.tenant = tenant or make_tenant(portal_open=True, help_line="02 5550 1234")
        self.student = make_student(
            self.tenant, **{"given_name": "Ada", "birth_date": BORN, "student_no": "00123456", **student}
        )
        [self.subject] = of_students([self.student.pk])
        self.new_key(at=at)

    def new_key(self, *, at: datetime = NOW) -> None:
        """Another slip for the same student; the key before it has ended."""
        self.key = make_key_for(self.subject, tenant_id=self.tenant.pk, at=at)
        self.code: KeyCode = code_of(self.key)

    def sign_up(
        self,
        *,
        code: KeyCode | None = None,
        born: date | None = BORN,
        username: str = USERNAME,
        email: str = "",
        password: str = PASSWORD,
        at: datetime = NOW,
    ) -> User:
        return sign_up_student(
            tenant=Tenant.objects.select_related("settings").get(pk=self.tenant.pk),
            code=code or self.code,
            birth_date=born,
            username=username,
            email=email,
            password=password,
            language="en",
            by=somebody(),
            at=at,
        )

    def set(self, **settings: Any) -> None:
        TenantSettings.objects.filter(tenant=self.tenant).update(**settings)

    def nothing_happened(self) -> bool:
        self.key.refresh_from_db()
        is_live = self.key.state == KeyState.LIVE and self.key.sealed is not None
        return is_live and not Tie.objects.exists() and not User.objects.filter(kind=UserKind.STUDENT).exists()
