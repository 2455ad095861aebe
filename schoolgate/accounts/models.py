"""Family sign-ins on their way in."""

from django.conf import settings
from django.db import models

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
