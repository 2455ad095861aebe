"""What goes out to families: templates, deliveries (facts about a key) and mails."""

from django.db import models
from django.db.models import Q

from schoolgate.jobs.models import Job
from schoolgate.keys.models import AccessKey
from schoolgate.tenancy.models import Tenant, TenantQuerySet


class Channel(models.TextChoices):
    LETTER = "letter"
    EMAIL = "email"


class Template(models.Model):
    """A school's own text, one row for each version; the newest is in use. Without one the shipped text is (letters/defaults)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=30, default="key")
    channel = models.CharField(max_length=8, choices=Channel)
    language = models.CharField(max_length=12, default="en")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=200, blank=True)  # E-mails only.
    body = models.TextField()
    is_default = models.BooleanField(default=False)  # "Restore default" is a version too.
    saved_at = models.DateTimeField()
    saved_by_id = models.BigIntegerField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "channel", "language", "version"],
                name="one_template_per_version",
            )
        ]

    def __str__(self) -> str:
        return f"template {self.channel} {self.version}"


class DeliveryState(models.TextChoices):
    MADE = "made"
    POSTED = "posted"
    DESTROYED = "destroyed"
    QUEUED = "queued"
    HANDED_OVER = "handed_over"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"
    STOPPED = "stopped"


class Delivery(models.Model):
    """A fact about a key: printed or e-mailed, when, which copy, by which run. It never locks the key (spine §5).

    file_no, page_no: where a letter stands in its run; page_no is that of the file as it was fetched last, None once a letter
    was left out. fetched_at, directory_seq: when its file was, and the end of the directory's feed then, to tell which printed
    letters a later restriction makes wrong (R-RN-06). template_version 0: the shipped text.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    key = models.ForeignKey(AccessKey, models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=12, choices=DeliveryState)
    copy_no = models.PositiveSmallIntegerField()
    run = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    file_no = models.PositiveSmallIntegerField(null=True)
    page_no = models.PositiveIntegerField(null=True)
    fetched_at = models.DateTimeField(null=True)
    directory_seq = models.PositiveBigIntegerField(null=True)
    template_version = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=12, default="en")
    address_hash = models.CharField(max_length=64, blank=True)
    expires_on = models.DateField()  # The date that this copy states.
    made_at = models.DateTimeField()
    made_by_id = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "channel", "copy_no"], name="one_delivery_per_copy")]
        indexes = [models.Index(fields=["run", "file_no", "page_no"], name="deliveries_of_run")]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class MessageState(models.TextChoices):
    QUEUED = "queued"  # Held until not_before, then handed over by a worker.
    SENDING = "sending"  # A worker has it; if that worker is lost the end is unknown.
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # By a restriction, an ended key or a sync.


class Message(models.Model):
    """An outgoing mail. Its body is rendered at hand-over and never stored (spine §4).

    kind: key, student_key, confirm_email, reset_password, connected, … . key: the key it carries. account: whom an account mail is about.
    params: what the body needs besides, never a secret. idempotency_key: at most one mail for each.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=30)
    key = models.ForeignKey(AccessKey, models.PROTECT, null=True, related_name="messages")
    account_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)  # Whom it is written to: a contact,
    student_id = models.BigIntegerField(null=True)  # or a student at the school's own address; never both.
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=12, default="en")
    template_version = models.PositiveIntegerField(default=0)
    params = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)  # In words for the office; never the body.
    run = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"],
                name="one_message_per_idempotency_key",
            ),
            models.CheckConstraint(condition=Q(contact_id=None) | Q(student_id=None), name="one_person_per_message"),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["queued", "sending"]),
                name="messages_due",
            ),
            models.Index(fields=["tenant", "-queued_at"], name="messages_newest"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk} {self.kind}"

    @property
    def audited(self) -> list[tuple[str, int]]:
        """Whom and what the audit names with this mail."""
        pairs = [
            ("key", self.key_id),
            ("contact", self.contact_id),
            ("student", self.student_id),
            ("account", self.account_id),
        ]
        return [(kind, id_) for kind, id_ in pairs if id_ is not None]


class HeldDelivery(models.Model):
    """The first delivery of an ended run that waits for a day (letters/held_delivery.py); gone once it has begun.

    way: as in letters/first_delivery.py. due_on: in the tenant's time zone.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    run = models.OneToOneField(Job, models.CASCADE, related_name="+")
    way = models.CharField(max_length=21)
    due_on = models.DateField(db_index=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"delivery of run {self.run_id} on {self.due_on}"


class MailCursor(models.Model):
    """How far letters/follow.py has read a tenant's directory feed."""

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.seq}"
