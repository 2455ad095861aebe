"""Tenants, their schools, their sign-ins and who may do what for them (spine §4, §6)."""

import secrets
from functools import cached_property
from typing import Any, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def new_tenant_code() -> str:
    """Six symbols without look-alikes; the database refuses a clash."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(6))


Row = TypeVar("Row", bound=models.Model)


class TenantQuerySet(models.QuerySet[Row]):
    """Rows that belong to a tenant: every query begins with for_tenant."""

    def for_tenant(self, tenant: "Tenant") -> Self:
        return self.filter(tenant=tenant)


class Tenant(models.Model):
    """One customer: a school or a district. `code` as given; looked up without regard to case, everywhere."""

    code = models.CharField(max_length=6)
    code_folded = models.CharField(max_length=6, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"tenant {self.code}"


class School(models.Model):
    """A school or campus with its *school code*, a number unique within the tenant."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    number = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    source = models.CharField(max_length=40, blank=True)
    source_id = models.CharField(max_length=255, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="one_school_per_number"),
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                condition=~Q(source_id=""),
                name="one_school_per_source_id",
            ),
        ]

    def __str__(self) -> str:
        return f"school {self.number}"


class KeySystem(models.TextChoices):
    CONTACT = "contact"
    FAMILY = "family"
    STUDENT = "student"


class SecondProof(models.TextChoices):
    NONE = "none"
    DATE_OF_BIRTH = "date_of_birth"


class AccessPolicy(models.TextChoices):
    """What a blank *receives portal access* of a roster means (R-PA-07)."""

    GUARDIANS = "guardians"  # rostering.md §8: the shipped rule.
    OFF = "off"


class Paper(models.TextChoices):
    A4 = "a4"
    US_LETTER = "us-letter"


class TenantSettings(models.Model):
    """What a tenant chose: one row (R-ST-01, R-ST-06). Written by tenancy/settings.py alone.

    changed: {field name: {"at": ISO time, "by": user id}} for R-ST-07.
    """

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True, related_name="settings")
    key_system = models.CharField(max_length=8, choices=KeySystem, default=KeySystem.CONTACT)
    portal_open = models.BooleanField(default=False)
    portal_opens_on = models.DateField(null=True, blank=True)
    second_proof = models.CharField(max_length=16, choices=SecondProof, default=SecondProof.DATE_OF_BIRTH)
    letter_life_days = models.PositiveSmallIntegerField(default=60)
    email_life_days = models.PositiveSmallIntegerField(default=7)
    failed_tries = models.PositiveSmallIntegerField(default=10)
    leaving_grace_days = models.PositiveSmallIntegerField(default=30)
    help_line = models.CharField(max_length=60, blank=True)
    help_address = models.CharField(max_length=254, blank=True)
    reply_to = models.EmailField(blank=True)
    mails_per_hour = models.PositiveIntegerField(default=2000)
    access_policy = models.CharField(max_length=10, choices=AccessPolicy, default=AccessPolicy.GUARDIANS)
    paper = models.CharField(max_length=10, choices=Paper, default=Paper.A4)
    parent_sign_up = models.BooleanField(default=True)
    student_sign_up = models.BooleanField(default=True)
    forgot_password = models.BooleanField(default=True)
    student_minimum_age = models.PositiveSmallIntegerField(default=10)
    language = models.CharField(max_length=12, default="en")
    changed = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(key_system__in=KeySystem.values), name="one_known_key_system"),
        ]

    def __str__(self) -> str:
        return f"settings of {self.tenant_id}"

    @cached_property
    def exceptions(self) -> "tuple[SchoolSettings, ...]":
        """The schools that differ, read once for this row as it was loaded."""
        return tuple(SchoolSettings.objects.filter(tenant=self.tenant_id).order_by("school_id"))


class SchoolSettings(models.Model):
    """Where one school is stricter than its district; None: as the district (R-DI-02). Written by tenancy/school_settings.py alone.

    Read through tenancy/school_rules.py: of the two the stricter one counts, also when the district has changed since.
    changed: as in TenantSettings.
    """

    school = models.OneToOneField(School, models.PROTECT, primary_key=True, related_name="settings")
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    letter_life_days = models.PositiveSmallIntegerField(null=True)
    email_life_days = models.PositiveSmallIntegerField(null=True)
    failed_tries = models.PositiveSmallIntegerField(null=True)
    second_proof = models.CharField(max_length=16, choices=SecondProof, null=True)
    parent_sign_up = models.BooleanField(null=True)
    student_sign_up = models.BooleanField(null=True)
    student_minimum_age = models.PositiveSmallIntegerField(null=True)
    changed = models.JSONField(default=dict)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"settings of school {self.school_id}"

    def values(self) -> dict[str, Any]:  # Any: as the columns have them.
        """What differs, by the name of the setting."""
        names = [field.name for field in self._meta.get_fields() if field.name not in {"school", "tenant", "changed"}]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class UserKind(models.TextChoices):
    STAFF = "staff"
    FAMILY = "family"
    STUDENT = "student"
    SYSTEM = "system"  # What commands and workers act as. Never signs in.


class UserQuerySet(TenantQuerySet["User"]):
    def staff(self) -> Self:
        return self.filter(kind=UserKind.STAFF)

    def accounts(self) -> Self:
        """Sign-ins of families and students; what an erased person's row was is no account any more."""
        return self.filter(kind__in=[UserKind.FAMILY, UserKind.STUDENT], erased_at=None)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # A class made at run time.
    pass


class User(AbstractBaseUser):
    """One sign-in of one tenant. An *account* is one of kind family or student; staff have a door of their own.

    username as typed; unique without regard to case within (tenant, door). session_epoch: raised to end all sessions.
    locked_until: wrong passwords have used up the tries (tenancy/prove_sign_in.py), for lists; the counts themselves decide.
    erased_at: nothing personal is left in the row, which stays for what points to it (accounts/erase_account.py).
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=8, choices=UserKind)
    username = models.CharField(max_length=254)
    username_folded = models.CharField(max_length=254)
    email = models.EmailField(blank=True)
    email_confirmed_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    session_epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "username_folded"],
                condition=Q(kind="staff"),
                name="one_staff_sign_in_per_name",
            ),
            models.UniqueConstraint(
                fields=["tenant", "username_folded"],
                condition=Q(kind__in=["family", "student"]),
                name="one_account_per_name",
            ),
            models.UniqueConstraint(fields=["tenant"], condition=Q(kind="system"), name="one_system_user"),
        ]
        indexes = [
            models.Index("tenant", Lower("name"), "id", name="sign_ins_by_name"),
            models.Index(fields=["tenant", "locked_until"], condition=~Q(locked_until=None), name="sign_ins_locked"),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def is_staff_member(self) -> bool:
        return self.kind == UserKind.STAFF

    @property
    def is_account(self) -> bool:
        return self.kind in {UserKind.FAMILY, UserKind.STUDENT}

    def get_session_auth_hash(self) -> str:
        """Bound to password and session_epoch: raising the epoch ends every session at its next request."""
        return f"{self.session_epoch}:{super().get_session_auth_hash()}"

    def get_session_auth_fallback_hash(self):  # type: ignore[no-untyped-def]  # Django's own signature is a generator of text.
        return (f"{self.session_epoch}:{found}" for found in super().get_session_auth_fallback_hash())


class Role(models.TextChoices):
    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    ENROLMENTS_OFFICER = "enrolments-officer"
    PORTAL_OFFICER = "portal-officer"
    INTEGRATIONS_OFFICER = "integrations-officer"
    AUDITOR = "auditor"


class Membership(models.Model):
    """What a member of staff may do. school None: all schools. The may_ columns are single rights inside the role, off for new members but the first owner."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    school = models.ForeignKey(School, models.PROTECT, null=True, blank=True)
    role = models.CharField(max_length=20, choices=Role)
    may_see_keys = models.BooleanField(default=False)
    may_bulk_print = models.BooleanField(default=False)
    may_export = models.BooleanField(default=False)
    may_see_restrictions = models.BooleanField(default=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two, since SQLite doesn't know that two nulls may be the same.
            models.UniqueConstraint(fields=["user", "school"], name="one_role_per_member_and_school"),
            models.UniqueConstraint(fields=["user"], condition=Q(school=None), name="one_role_for_all_schools"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"


class ThrottleCount(models.Model):
    """Tries in a window, counted by tenancy/throttle.py. bucket: what is limited; subject: a keyed hash, never an address or a name."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    bucket = models.CharField(max_length=30)
    subject = models.CharField(max_length=64)
    window_starts_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "bucket", "subject", "window_starts_at"],
                name="one_count_per_window",
            )
        ]

    def __str__(self) -> str:
        return f"{self.bucket} {self.tries}"


class OfficeNotice(models.Model):
    """Something a person of the office should look at: guesses at keys, "these are not my children". subjects: [[kind, id], …]."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=40)
    subjects = models.JSONField(default=list)
    detail = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "closed_at", "raised_at"], name="notices_open")]

    def __str__(self) -> str:
        return self.kind
