"""Access keys of every kind, and the ties that redemptions make (portal-console §3.1, spine §5)."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from schoolgate.jobs.models import Job
from schoolgate.tenancy.models import Tenant, TenantQuerySet


class SubjectKind(models.TextChoices):
    CONTACT = "contact"
    FAMILY = "family"
    STUDENT = "student"  # As somebody's child.
    STUDENT_SELF = "student_self"


class KeyState(models.TextChoices):
    LIVE = "live"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


class AccessKeyQuerySet(TenantQuerySet["AccessKey"]):
    def live(self, *, at: datetime) -> Self:
        """Keys accepted at the moment ``at``: not used, revoked, replaced, locked or expired."""
        return self.filter(state=KeyState.LIVE, locked_at=None, expires_at__gt=at)


class AccessKey(models.Model):
    """A secret that ties one account, once, to one subject (docs/explanation/keys.md).

    ``id`` is drawn by us before the row is written, since the sealed copy is bound to it.
    mac, sealed: see lib/keycode; sealed is None once the key's life has ended (R-KY-07).
    failures: wrong secrets and wrong second proofs, counted before they are compared (keys/throttle.py).
    printed_at, emailed_at: when it last left the building that way; facts, not states (spine §5).
    no_link_since: when its contact was left without a published child; the leaving grace runs from then (R-DS-08).
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False)  # The indexes below begin with it.
    subject_kind = models.CharField(max_length=12, choices=SubjectKind)
    subject_id = models.BigIntegerField()
    addressee_id = models.BigIntegerField()  # Whom it was made for: a contact, or the student's own id.
    selector = models.CharField(max_length=4)  # The public part; proves nothing.
    mac = models.BinaryField(max_length=32)
    pepper_no = models.PositiveSmallIntegerField()
    sealed = models.BinaryField(null=True)
    sealing_no = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=KeyState, default=KeyState.LIVE)
    expires_at = models.DateTimeField()
    locked_at = models.DateTimeField(null=True)
    lock_count = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)  # Redeemed, expired, revoked or replaced then.
    ended_why = models.CharField(max_length=200, blank=True)
    ended_by_id = models.BigIntegerField(null=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    printed_at = models.DateTimeField(null=True)
    emailed_at = models.DateTimeField(null=True)
    no_link_since = models.DateTimeField(null=True)

    objects = AccessKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "subject_kind", "subject_id", "addressee_id"],
                condition=Q(state="live"),
                name="one_live_key_per_subject",
            ),
            models.UniqueConstraint(
                fields=["tenant", "selector"],
                condition=Q(state="live"),
                name="one_live_key_per_selector",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "subject_kind", "subject_id", "-id"],
                name="keys_of_subject",
            ),
            models.Index(fields=["tenant", "selector"], name="keys_by_selector"),
            models.Index(fields=["expires_at"], condition=Q(state="live"), name="keys_expiring"),
            models.Index(fields=["no_link_since"], condition=~Q(no_link_since=None), name="keys_without_link"),
            # Costs nothing for new keys; without it each deleted key would look through all others for a successor.
            models.Index(fields=["replaced_by"], condition=~Q(replaced_by=None), name="keys_replaced"),
        ]

    def __str__(self) -> str:
        return f"key {self.selector}"  # Never the secret: this is logged.


class TieQuerySet(TenantQuerySet["Tie"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)


class Tie(models.Model):
    """This account acts for this subject since then; until when, and why it ended."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    key = models.OneToOneField(AccessKey, models.PROTECT, related_name="tie")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="ties")
    subject_kind = models.CharField(max_length=12, choices=SubjectKind)
    subject_id = models.BigIntegerField()
    addressee_id = models.BigIntegerField()
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, blank=True)
    ended_by_id = models.BigIntegerField(null=True)

    objects = TieQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "account", "subject_kind", "subject_id", "addressee_id"],
                condition=Q(ended_at=None),
                name="one_standing_tie_per_account",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "subject_kind", "subject_id"], name="ties_of_subject"),
            models.Index(
                fields=["account"],
                condition=Q(ended_at=None),
                name="standing_ties_of_account",
            ),
        ]

    def __str__(self) -> str:
        return f"tie {self.pk}"


class KeyAttempt(models.Model):
    """A failed try, with no part of the key but its public selector. Locks go to the audit as well (spine §4)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    at = models.DateTimeField()
    selector = models.CharField(max_length=4)
    source = models.CharField(max_length=64, blank=True)
    account_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=20)  # unknown_selector, wrong_secret, ended_key, wrong_proof

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "at"], name="attempts_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.selector}"


class KeysHead(models.Model):
    """One row for each tenant. Its lock makes one process at a time the maker of keys (keys/make_keys.py).

    batches: how often keys were made, so that a run sees whether anybody else has made some. feed_seq: how far
    keys/follow.py has read the directory's feed.
    """

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True)
    batches = models.PositiveBigIntegerField(default=0)
    feed_seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.batches} {self.feed_seq}"


class GroupKind(models.TextChoices):
    LIST = "list"
    FILTER = "filter"
    TICKED = "ticked"


class StudentGroup(models.Model):
    """A group of students that keys are made for, kept so that its run can be made again (registration-keys §7).

    name: empty until somebody keeps it under one; such a group is forgotten after some days. rule: of a list {"entries":
    [[line, id]…]}, of a filter {"schools", "years", "classes"}, of ticked rows {"student_ids"}. It says who is meant and not
    who is found: whoever opens it finds those of their own schools.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    name = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=6, choices=GroupKind)
    rule = models.JSONField()
    created_by_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], condition=~Q(name=""), name="one_group_per_name"),
        ]

    def __str__(self) -> str:
        return f"group {self.pk}"
