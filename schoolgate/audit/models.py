"""Who did what, when: one chain of entries a tenant, each bound to the one before (security.md §4)."""

from django.db import models


class AuditEntry(models.Model):
    """One act. Written by audit/record.py alone, in the transaction of the act, and never changed.

    subjects: [[kind, id], …], the same as the AuditSubject rows, so that the hash covers them.
    """

    tenant = models.ForeignKey("tenancy.Tenant", models.PROTECT)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    act = models.CharField(max_length=60)  # "key.redeemed": the action's word and what it was done to.
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)  # No foreign key: the entry outlives the sign-in.
    via = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=64, blank=True)
    subjects = models.JSONField(default=list)
    detail = models.JSONField(
        default=dict
    )  # before, after and counts; never a key, a code, a password, a birth date (R-AU-03).
    reason = models.TextField(blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "seq"], name="one_audit_entry_per_seq")]
        indexes = [models.Index(fields=["tenant", "act", "seq"], name="audit_by_act")]

    def __str__(self) -> str:
        return f"{self.seq} {self.act}"


class AuditSubject(models.Model):
    """Whom or what an entry is about: one row for each, so that a person's history is one index look-up (R-AU-02)."""

    tenant = models.ForeignKey("tenancy.Tenant", models.PROTECT)
    # No constraint in the database: PostgreSQL would check it under the owner's UPDATE right, which is taken away.
    entry = models.ForeignKey(AuditEntry, models.PROTECT, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=20)  # student, contact, key, account, job, sync_run, …
    subject_id = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "kind", "subject_id", "entry"],
                name="audit_by_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class SearchNote(models.Model):
    """Somebody looked for people by name or id: by which fields, with how many hits, never the words. Gone after 90 days.

    Outside of the chain, since nothing of the chain can ever go (docs/decisions/0026). Written by audit/searches.py alone.
    what: of the page, "keys" or "accounts".
    """

    tenant = models.ForeignKey("tenancy.Tenant", models.PROTECT)
    at = models.DateTimeField()
    what = models.CharField(max_length=20)
    fields = models.JSONField(default=list)
    hits = models.PositiveIntegerField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at"], name="searches_newest"),
            models.Index(fields=["at"], name="searches_oldest"),
        ]

    def __str__(self) -> str:
        return f"search {self.pk}"

    def as_entry(self) -> AuditEntry:
        """In the form of an entry, of no chain, for whoever tells entries in sentences. It is never saved."""
        return AuditEntry(
            tenant_id=self.tenant_id,
            at=self.at,
            act=f"{self.what}.searched",
            actor_kind=self.actor_kind,
            actor_id=self.actor_id,
            via=self.via,
            detail={"fields": self.fields, "hits": self.hits},
        )


class AuditHead(models.Model):
    """The end of a tenant's chain. Its row lock puts the tenant's acts in one order."""

    tenant = models.OneToOneField("tenancy.Tenant", models.PROTECT, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.seq}"
