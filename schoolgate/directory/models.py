"""The published truth: all that whatever follows may read. Data Sync is its only writer (spine §1).

A row's id is the id of the row in enrolments that it publishes, so that an address or an audit entry means the same
person on both sides. Nothing here imports enrolments.
"""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import Lower

from schoolgate.tenancy.at_schools import AtSchools, Schools, at_schools
from schoolgate.tenancy.models import School, Tenant, TenantQuerySet


class DirectoryStudentQuerySet(TenantQuerySet["DirectoryStudent"]):
    def at_schools(self, school_ids: Schools) -> Self:
        """Students of these schools, by the main or the second; of every school for None (a member's reach, R-PM-01)."""
        return self if school_ids is None else self.filter(at_schools(school_ids))


class DirectoryStudent(AtSchools):
    """A published student. Inactive ones stay, as inactive; their links are gone (spine §4)."""

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=255)
    student_no = models.CharField(max_length=255)
    family_name = models.CharField(max_length=200)
    given_name = models.CharField(max_length=200)
    middle_name = models.CharField(max_length=200, blank=True)
    preferred_name = models.CharField(max_length=200, blank=True)
    sort_name = models.CharField(max_length=420)
    birth_date = models.DateField(null=True)
    year_level = models.CharField(max_length=40, blank=True)
    roll_class = models.CharField(max_length=80, blank=True)
    email = models.CharField(max_length=254, blank=True)
    is_active = models.BooleanField()
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)

    objects = DirectoryStudentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_published_student_per_source_id",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "sort_name", "id"], name="published_students_by_name"),
            models.Index(
                fields=["second_school"],
                condition=models.Q(second_school__isnull=False),
                name="published_students_by_second",
            ),
            # Everything that a search by a part of the Student Id asks for, so that it reads the index alone.
            models.Index(
                fields=["tenant", "student_no", "school", "second_school", "is_active", "id"],
                name="published_students_by_no",
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.pk}"

    @property
    def shown_name(self) -> str:
        """As the school spells it: the preferred or given name, then the family name."""
        return f"{self.preferred_name or self.given_name} {self.family_name}".strip()


class StudentName(models.Model):
    """One way to look a published student up by surname (directory/search.py); written with the student, by Data Sync.

    key: the surname from one of its parts on, folded (lib/names.py), a blank, the given name; as UTF-8 bytes, which every
    database orders alike, so that a beginning is a range of the index. The schools and is_active: the student's own, once more, so that
    the index alone tells who is found.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False)
    student = models.ForeignKey(DirectoryStudent, models.CASCADE, related_name="names")
    school = models.ForeignKey(School, models.PROTECT, db_index=False, related_name="+")
    second_school = models.ForeignKey(School, models.PROTECT, null=True, db_index=False, related_name="+")
    is_active = models.BooleanField()
    key = models.BinaryField(max_length=600)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "key", "student", "school", "second_school", "is_active"], name="students_by_surname"
            ),
        ]

    def __str__(self) -> str:
        return f"a name of student {self.student_id}"


class FormerName(models.Model):
    """A surname that a student was published under before, to find them by (docs/decisions/0025-former-surnames.md, G-21).

    A row for each of its parts. key: as in StudentName, without a given name. run_id: the sync that published another name;
    undone, it takes the row along. Read by directory/search.py alone.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, db_index=False)
    student = models.ForeignKey(DirectoryStudent, models.CASCADE, related_name="former_names")
    family_name = models.CharField(max_length=200)
    key = models.BinaryField(max_length=600)
    run_id = models.BigIntegerField(db_index=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "key", "student"], name="students_by_former_surname")]

    def __str__(self) -> str:
        return f"a former name of student {self.student_id}"


class DirectoryContact(models.Model):
    """A published contact, of any type."""

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=255)
    contact_no = models.CharField(max_length=255)
    type = models.CharField(max_length=8)
    title = models.CharField(max_length=40, blank=True)
    family_name = models.CharField(max_length=200)
    given_name = models.CharField(max_length=200, blank=True)
    sort_name = models.CharField(max_length=420)
    email = models.CharField(max_length=254, blank=True)
    email_usable = models.BooleanField(default=False)
    mobile = models.CharField(max_length=60, blank=True)
    phone_home = models.CharField(max_length=60, blank=True)
    phone_work = models.CharField(max_length=60, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    address_2 = models.CharField(max_length=200, blank=True)
    town = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=35, blank=True)
    needs_interpreter = models.BooleanField(default=False)
    is_active = models.BooleanField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_published_contact_per_source_id",
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "type", "sort_name", "id"],
                name="published_contacts_by_name",
            ),
            models.Index("tenant", Lower("email"), name="published_contacts_by_email"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def shown_name(self) -> str:
        """As the school spells it."""
        return f"{self.given_name} {self.family_name}".strip()


class DirectoryStaff(models.Model):
    """A published teacher or other employee."""

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=255)
    family_name = models.CharField(max_length=200)
    given_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    school = models.ForeignKey(School, models.PROTECT, null=True)
    is_active = models.BooleanField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_published_staff_per_source_id",
            )
        ]

    def __str__(self) -> str:
        return f"staff {self.pk}"


class DirectoryHousehold(models.Model):
    """A published household. Who belongs to it is told by the associations that name it."""

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=255)
    name = models.CharField(max_length=200, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    address_2 = models.CharField(max_length=200, blank=True)
    town = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"household {self.pk}"


class DirectoryAssociationQuerySet(TenantQuerySet["DirectoryAssociation"]):
    def at_schools(self, school_ids: Schools) -> Self:
        """Of students of these schools, by the main or the second; of all for None."""
        return self if school_ids is None else self.filter(at_schools(school_ids, of="student__"))

    def links(self, *, today: date) -> Self:
        """Published, access on, both people active, and no bar closes the pair: who may see whom, the whole of it.

        today: in the tenant's time zone. This is the one statement of the access rule (security.md §3); whatever shows
        a child to a family goes through it.
        """
        return self.filter(_is_link(today))

    def told_links(self, *, today: date) -> Self:
        """All of them, each with ``is_link``: whether it is one by that rule."""
        return self.annotate(is_link=ExpressionWrapper(_is_link(today), output_field=models.BooleanField()))


def _is_link(today: date) -> Q:
    return Q(portal_access=True, student__is_active=True, contact__is_active=True) & Q(
        ~Exists(
            DirectoryBar.objects.closing(today=today).filter(
                student_id=OuterRef("student_id"), contact_id=OuterRef("contact_id")
            )
        )
    )


class DirectoryAssociation(models.Model):
    """A published association. portal_access: the published flag; with no bar in force, and both people active, it is a *link*.

    flag_at, flag_by_id, flag_how: who set the flag, for Explain.
    """

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    student = models.ForeignKey(DirectoryStudent, models.PROTECT, related_name="associations")
    contact = models.ForeignKey(DirectoryContact, models.PROTECT, related_name="associations")
    household_id = models.BigIntegerField(null=True)
    basis = models.CharField(max_length=10)
    relationship = models.CharField(max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(null=True)
    portal_access = models.BooleanField()
    flag_how = models.CharField(max_length=6)
    flag_at = models.DateTimeField()
    flag_by_id = models.BigIntegerField(null=True)
    lives_with = models.BooleanField(null=True)

    objects = DirectoryAssociationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["student", "contact"], name="one_published_association_per_pair")
        ]

    def __str__(self) -> str:
        return f"association {self.pk}"


class DirectoryBarQuerySet(TenantQuerySet["DirectoryBar"]):
    def closing(self, *, today: date) -> Self:
        """Bars that keep their pair closed: begun, whether or not they have ended since (R-RX-04)."""
        return self.filter(starts_on__lte=today)

    def in_force(self, *, today: date) -> Self:
        """Bars between their first and last day, both included."""
        return self.closing(today=today).exclude(ends_on__lt=today)


class DirectoryBar(models.Model):
    """A published restriction, tested at each read.

    It closes the pair from 00:00 of starts_on on (tenant's time zone). After ends_on it is no longer *in force*, but the pair stays
    closed until a sync takes the bar away, which needs a person's review: nothing opens by itself (R-RX-04).
    """

    id = models.BigIntegerField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT)
    student = models.ForeignKey(DirectoryStudent, models.PROTECT, related_name="bars")
    contact = models.ForeignKey(DirectoryContact, models.PROTECT, related_name="bars")
    kind = models.CharField(max_length=20)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    objects = DirectoryBarQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["student", "contact"], name="bars_of_pair")]

    def __str__(self) -> str:
        return f"bar {self.pk}"


class ChangeOp(models.TextChoices):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class DirectoryChange(models.Model):
    """The feed: one row for each row of the directory that a sync wrote, with a tombstone for what it removed.

    seq: gap-free within a tenant as a reader sees it, since Data Sync holds the tenant's head row while it writes.
    before: the row as it was (JSON of its columns; null for an added one), for undo and history. why, saved_*: who caused it.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=12)  # student, contact, staff, household, association, bar
    object_id = models.BigIntegerField()
    op = models.CharField(max_length=8, choices=ChangeOp)
    run_id = models.BigIntegerField()  # sync.SyncRun, which stands to the right of this module.
    before = models.JSONField(null=True)
    why = models.CharField(max_length=6, blank=True)  # import, hand, rule
    saved_by_id = models.BigIntegerField(null=True)
    saved_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "seq"], name="one_change_per_seq")]
        indexes = [
            models.Index(fields=["run_id", "kind"], name="changes_of_run"),
            models.Index(fields=["kind", "object_id", "seq"], name="changes_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.op} {self.kind}"


class DirectoryHead(models.Model):
    """The end of a tenant's feed: its row lock makes Data Sync the one writer at a time."""

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.seq}"
