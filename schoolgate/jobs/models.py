"""Long work as rows: a job, and one item for each thing it acts on (spine §3.4, R-RN-01)."""

from django.conf import settings
from django.db import models

from schoolgate.jobs.subject import Subject, unpacked
from schoolgate.tenancy.models import Tenant, TenantQuerySet


class JobState(models.TextChoices):
    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"
    DONE_WITH_PROBLEMS = "problems"  # Some items failed or are unknown.


class Wanted(models.TextChoices):
    """What a person asked of a running job; obeyed between chunks."""

    RUN = ""
    PAUSE = "pause"
    CANCEL = "cancel"


class Job(models.Model):
    """A run over many rows. The truth about it is here and in its items; the queue only says "run job N".

    kind: the name under which jobs/registry.py knows its work. options: what it was asked, JSON, no secrets.
    The counts are kept by the runner in the transaction of each chunk. lease: which process works on it, until when.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.PLANNED)
    wanted = models.CharField(max_length=6, choices=Wanted, default=Wanted.RUN, blank=True)
    options = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    fault = models.TextField(blank=True)  # The last fault that stopped it, in a sentence for the office.

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="jobs_newest"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["planned", "running"]),
                name="jobs_open",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} {self.kind}"

    @property
    def ended(self) -> int:
        """Items that have an end."""
        return self.done + self.skipped + self.failed + self.unknown


class ItemState(models.TextChoices):
    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"  # It may or may not have happened: a person decides.


class JobItem(models.Model):
    """One thing a job acts on, and what became of it. why: a stable word (live_key, no_email, …)."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    subject_kind = models.CharField(max_length=12)
    subject_id = models.BigIntegerField()
    addressee_id = models.BigIntegerField(null=True)  # See Subject.
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.WAITING)
    why = models.CharField(max_length=40, blank=True)
    result_id = models.BigIntegerField(null=True)  # What it made: a key, a delivery, a message.

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="one_item_per_position")]
        indexes = [models.Index(fields=["job", "state", "position"], name="job_items_by_state")]

    def __str__(self) -> str:
        return f"item {self.position} of job {self.job_id}"

    @property
    def subject(self) -> Subject:
        return Subject(self.subject_kind, self.subject_id, self.addressee_id)


class JobBacklog(models.Model):
    """What a job of a bulk kind acts on: subjects in order, as they were selected. Its items are written when they end.

    Of 100,000 rows that saves the second write of each. The subjects before position ``job.ended`` have their items.
    """

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="backlog")
    packed = models.JSONField()  # As subject.packed makes it.

    def __str__(self) -> str:
        return f"backlog of job {self.job_id}"

    def subjects(self) -> list[Subject]:
        """All of them, those that have ended included."""
        return unpacked(self.packed)


class ListPiece(models.Model):
    """Some rows of a list to download that a job makes, sealed; gone a day after its end. Written by jobs/lists.py alone.

    rows: how many. sealed: their cells, as JSON (lib/sealed.py).
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "position"], name="one_piece_per_position")]

    def __str__(self) -> str:
        return f"piece {self.position} of job {self.job_id}"


class Selection(models.Model):
    """The rows that a member has ticked in one list, kept while they page, sort and filter (design.md §8).

    "All that match" is stored as ids at that moment; rows that match later are not drawn in (R-CK-06). count: how
    many rows there are, kept by selection.py. Written by selection.py alone.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=40)
    count = models.PositiveIntegerField(default=0)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list_name"], name="one_selection_per_list")]

    def __str__(self) -> str:
        return f"selection {self.list_name} of {self.user_id}"


class SelectedRow(models.Model):
    """One ticked row. row_id: of the list's own kind, such as a contact's id; it may have gone since."""

    selection = models.ForeignKey(Selection, models.CASCADE, related_name="rows")
    row_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "row_id"], name="selected_once")]

    def __str__(self) -> str:
        return f"row {self.row_id}"
