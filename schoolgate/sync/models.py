"""The runs of Data Sync."""

from django.db import models

from schoolgate.tenancy.models import Tenant, TenantQuerySet


class SyncState(models.TextChoices):
    HELD = "held"  # Waits for a person's approval; at most one of a tenant.
    APPLIED = "applied"
    UNDONE = "undone"
    DROPPED = "dropped"  # What it was held for went away before anybody approved it.


class SyncKind(models.TextChoices):
    PUBLISH = "publish"
    WITHDRAW = "withdraw"  # A restriction, or "withdraw now": takes away, adds nothing (R-PA-09).
    UNDO = "undo"


class SyncRun(models.Model):
    """One act of publishing. number: counted within the tenant. counts: what the command prints, and the guard's figures.

    base_clock_no, clock_no: the enrolments clock after which this run's changes begin, and up to which it has published.
    held_why: codes of the reasons of a hold. first_seq, last_seq: its part of the change feed; null while it wrote nothing.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=SyncKind, default=SyncKind.PUBLISH)
    state = models.CharField(max_length=8, choices=SyncState)
    counts = models.JSONField(default=dict)
    held_why = models.JSONField(default=list)
    base_clock_no = models.PositiveBigIntegerField(default=0)
    clock_no = models.PositiveBigIntegerField(default=0)
    first_seq = models.PositiveBigIntegerField(null=True)
    last_seq = models.PositiveBigIntegerField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    undone_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="undoes")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="one_run_per_number"),
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(state="held"), name="one_held_run"),
        ]

    def __str__(self) -> str:
        return f"sync run {self.number}"


class SyncHead(models.Model):
    """Up to which write of the working copy, and up to which day in the tenant's time zone, a tenant is published."""

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True)
    clock_no = models.PositiveBigIntegerField(default=0)
    day = models.DateField(null=True)
    last_run_no = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.clock_no}"


class LeftOut(models.Model):
    """A changed row that a run was told to leave out: it stays pending although the clock has passed it (R-DS-02)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=12)
    object_id = models.BigIntegerField()
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "kind", "object_id"], name="left_out_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
