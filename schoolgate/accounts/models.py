"""Family sign-ins on their way in, and what families say about the children they are shown."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from schoolgate.tenancy.models import Tenant, TenantQuerySet


class Registration(models.Model):
    """Somebody who has asked for an account and must prove an e-mail address before it is one (portal-console §3.2).

    The account exists from the start, unconfirmed; it dies after 7 days without proof. The code that the mail carries is derived from
    nonce at hand-over and never stored. tries: counted before a code is compared.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="registration")
    nonce = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"registration {self.pk}"


class PasswordReset(models.Model):
    """A link to choose a new password: used once, for an hour. The token is derived from nonce at hand-over, never stored."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"reset {self.pk}"


class EmailProof(models.Model):
    """The address that a student's account was given and has not proved yet; gone once it has. See accounts/own_email.py."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.EmailField()
    nonce = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"proof {self.pk}"


class Disclaimer(models.Model):
    """An account said of a child that it sees: this is not my child. From then on it doesn't see it, until the office restores it (B-07)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    student_id = (
        models.BigIntegerField()
    )  # directory.DirectoryStudent; no foreign key, since a sync may take the child away.
    said_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True)
    restored_by_id = models.BigIntegerField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "student_id"], condition=Q(restored_at=None), name="one_disclaimer_per_child"
            )
        ]

    def __str__(self) -> str:
        return f"disclaimer {self.pk}"


class StopKind(models.TextChoices):
    DISABLED = "disabled"  # By staff, until staff enable it again.
    BINNED = "binned"  # Deleted: for 7 days it can be taken back, then it is erased (R-AM-10).


class Stop(models.Model):
    """The office has switched an account's sign-in off: since when, whose decision, and why. An open one means that User.is_active is off.

    school_ids: the schools of whoever decided, None for all: nobody with fewer ends it (office_acts.may_end). erase_at: of a deleted one.
    ended_at: enabled again, taken out of the bin, or erased.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="stops")
    kind = models.CharField(max_length=8, choices=StopKind)
    since = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    school_ids = models.JSONField(null=True)
    reason = models.CharField(max_length=200)
    erase_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], condition=Q(ended_at=None), name="one_open_stop_of_each_kind"
            )
        ]
        indexes = [models.Index(fields=["erase_at"], condition=Q(ended_at=None), name="accounts_to_erase")]

    def __str__(self) -> str:
        return f"stop {self.pk}"


class PrintedCode(models.Model):
    """A code that the office prints for somebody without e-mail: used once, within a day, to choose a new password (R-AM-08).

    The code is derived from nonce while the slip is made, and never stored. tries: counted before a code is compared.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    printed_at = models.DateTimeField()
    printed_by_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # Used, replaced by a newer one, or called back.

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="one_open_code_per_account")
        ]

    def __str__(self) -> str:
        return f"printed code {self.pk}"


class NewAddress(models.Model):
    """An e-mail address that an account shall have, once whoever reads it there has proved the account's own password (R-AM-04)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    email = models.EmailField()
    nonce = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    asked_by_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # Confirmed, or replaced by a newer one.

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="one_open_address_per_account")
        ]

    def __str__(self) -> str:
        return f"new address {self.pk}"
