"""The working copy: people, households and who belongs to whom, as imports and the office have them.

Nobody outside the office sees these rows: Data Sync publishes them to the directory (spine §1).
Rows are never deleted; what ends is marked as ended.

**The clock.** Every writer in this module takes a tick of the tenant's EnrolmentsClock in its transaction
(enrolments/clock.py) and stamps it on each row that it writes as ``changed_no``. The clock's row lock puts the
writers of a tenant in one order, so that Data Sync finds all that changed since its last run by one index,
and an import can see that its base has moved since the preview.
"""

from django.db import models
from django.db.models import Q

from schoolgate.enrolments.querysets import (
    AssociationQuerySet,
    ContactQuerySet,
    RestrictionQuerySet,
    StudentQuerySet,
)
from schoolgate.jobs.models import Job
from schoolgate.tenancy.at_schools import AtSchools
from schoolgate.tenancy.models import School, Tenant, TenantQuerySet


class EnrolmentsClock(models.Model):
    """How many writes the working copy of a tenant has seen. now: the number of the last one."""

    tenant = models.OneToOneField(Tenant, models.PROTECT, primary_key=True)
    now = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.now}"


class How(models.TextChoices):
    """What wrote a value: the "why" of Data Sync's preview (R-DS-01)."""

    IMPORT = "import"
    HAND = "hand"
    RULE = "rule"


class Enrolled(models.Model):
    """What every row of the working copy has: whose it is, whose id, and who changed it last.

    source: whose ids these are ("sis"; "office" for what was added by hand). source_id: exactly as it came.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=255)
    changed_no = models.PositiveBigIntegerField()
    changed_at = models.DateTimeField()
    changed_how = models.CharField(max_length=6, choices=How)
    changed_by_id = models.BigIntegerField(null=True)  # tenancy.User; null for a command.

    class Meta:
        abstract = True


class PersonState(models.TextChoices):
    ACTIVE = "active"
    INACTIVE = "inactive"
    DECEASED = "deceased"  # Contacts only: mail is suppressed (E-17).


class Student(Enrolled, AtSchools):
    """An enrolled person. student_no: the id people in the office use; the source id where the source has no other.

    hand_fields: names of columns that staff set by hand, which an import leaves alone (R-PA-08).
    sort_name: family then given name, folded for sorting and search.
    """

    student_no = models.CharField(max_length=255)
    family_name = models.CharField(max_length=200)
    given_name = models.CharField(max_length=200)
    middle_name = models.CharField(max_length=200, blank=True)
    preferred_name = models.CharField(max_length=200, blank=True)
    sort_name = models.CharField(max_length=420)
    birth_date = models.DateField(null=True)
    year_level = models.CharField(max_length=40, blank=True)
    roll_class = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, choices=PersonState, default=PersonState.ACTIVE)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    email = models.CharField(max_length=254, blank=True)
    hand_fields = models.JSONField(default=list)

    objects = StudentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_student_per_source_id",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "changed_no"], name="students_changed"),
            models.Index(fields=["tenant", "sort_name", "id"], name="students_by_name"),
            models.Index(
                fields=["second_school"], condition=Q(second_school__isnull=False), name="students_by_second_school"
            ),
        ]

    def __str__(self) -> str:
        return f"student {self.pk}"

    @property
    def shown_name(self) -> str:
        """As the school spells it: the preferred or given name, then the family name."""
        return f"{self.preferred_name or self.given_name} {self.family_name}".strip()


class ContactType(models.TextChoices):
    PARENT = "PARENT"  # Whoever cares: grandparent, step-parent, case worker, …
    STUDENT = "STUDENT"
    STAFF = "STAFF"


class Household(Enrolled):
    """An address with its students and contacts."""

    name = models.CharField(max_length=200, blank=True)
    address_1 = models.CharField(max_length=200, blank=True)
    address_2 = models.CharField(max_length=200, blank=True)
    town = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_household_per_source_id",
            )
        ]
        indexes = [models.Index(fields=["tenant", "changed_no"], name="households_changed")]

    def __str__(self) -> str:
        return f"household {self.pk}"


class Contact(Enrolled):
    """A person known to enrolments, with a Contact ID (contact_no) and a type. The address is where letters go (R-PA-10).

    email as typed; email_usable says whether it may be written to (rostering.md §9, §10).
    """

    contact_no = models.CharField(max_length=255)
    type = models.CharField(max_length=8, choices=ContactType, default=ContactType.PARENT)
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
    state = models.CharField(max_length=8, choices=PersonState, default=PersonState.ACTIVE)
    hand_fields = models.JSONField(default=list)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"],
                name="one_contact_per_source_id",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "changed_no"], name="contacts_changed"),
            models.Index(fields=["tenant", "sort_name", "id"], name="contacts_by_name"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def shown_name(self) -> str:
        """As the school spells it."""
        return f"{self.given_name} {self.family_name}".strip()


class Staff(Enrolled):
    """A teacher or other employee: for classes, timetable and API; not a contact by that."""

    family_name = models.CharField(max_length=200)
    given_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    school = models.ForeignKey(School, models.PROTECT, null=True)
    state = models.CharField(max_length=8, choices=PersonState, default=PersonState.ACTIVE)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "source_id"], name="one_staff_per_source_id")
        ]
        indexes = [models.Index(fields=["tenant", "changed_no"], name="staff_changed")]

    def __str__(self) -> str:
        return f"staff {self.pk}"


class HouseholdMember(models.Model):
    """A student or a contact of a household; several households for one person are allowed (shared care)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    household = models.ForeignKey(Household, models.PROTECT, related_name="members")
    student = models.ForeignKey(Student, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    changed_no = models.PositiveBigIntegerField()
    ended_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(student=None) ^ Q(contact=None), name="member_is_one_person"),
            models.UniqueConstraint(
                fields=["household", "student"],
                condition=Q(contact=None),
                name="one_membership_per_student",
            ),
            models.UniqueConstraint(
                fields=["household", "contact"],
                condition=Q(student=None),
                name="one_membership_per_contact",
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class Basis(models.TextChoices):
    HOUSEHOLD = "household"
    ASSOCIATED = "associated"


class Association(models.Model):
    """The one link of a contact with a student, with its basis, and the one flag *receives portal access*.

    flag_how, flag_at, flag_by_id: who set the flag. relationship: the source's word, as it came. None in the yes/no
    columns: not stated. ended_at: the last basis is gone; the flag is off then (R-PA-06).
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    student = models.ForeignKey(Student, models.PROTECT, related_name="associations")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="associations")
    household = models.ForeignKey(Household, models.PROTECT, null=True, related_name="+")
    basis = models.CharField(max_length=10, choices=Basis, default=Basis.ASSOCIATED)
    relationship = models.CharField(max_length=80, blank=True)
    order = models.PositiveSmallIntegerField(null=True)
    receives_portal_access = models.BooleanField(default=False)
    flag_how = models.CharField(max_length=6, choices=How)
    flag_at = models.DateTimeField()
    flag_by_id = models.BigIntegerField(null=True)
    is_legal_guardian = models.BooleanField(null=True)
    lives_with = models.BooleanField(null=True)
    is_emergency = models.BooleanField(null=True)
    may_pick_up = models.BooleanField(null=True)
    receives_mail = models.BooleanField(null=True)
    receives_reports = models.BooleanField(null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    changed_no = models.PositiveBigIntegerField()
    changed_at = models.DateTimeField()
    changed_how = models.CharField(max_length=6, choices=How)
    changed_by_id = models.BigIntegerField(null=True)

    objects = AssociationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["student", "contact"], name="one_association_per_pair")]
        indexes = [
            models.Index(fields=["tenant", "changed_no"], name="associations_changed"),
            # Days that come by themselves: Data Sync looks for them, since no write announces them.
            models.Index(fields=["tenant", "starts_on"], condition=~Q(starts_on=None), name="associations_by_start"),
            models.Index(fields=["tenant", "ends_on"], condition=~Q(ends_on=None), name="associations_by_end"),
        ]

    def __str__(self) -> str:
        return f"association {self.pk}"


class RestrictionKind(models.TextChoices):
    NO_ACCESS = "no_access"
    NO_ACCESS_NO_MAIL = "no_access_no_mail"
    NOTE_ONLY = "note_only"  # Enforces nothing, and says so.


class Restriction(models.Model):
    """A court order or other bar between a contact and a student; it beats every flag (R-RX-01).

    In force from 00:00 of starts_on to the end of ends_on in the tenant's time zone (R-RX-02). note_sealed: for the office, AES-256-GCM.
    lifted_at: ended by a person. reviewed_at: an ended one whose pair a person has looked at; until then nothing opens (R-RX-04).
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    student = models.ForeignKey(Student, models.PROTECT, related_name="restrictions")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="restrictions")
    kind = models.CharField(
        max_length=20,
        choices=RestrictionKind,
        default=RestrictionKind.NO_ACCESS_NO_MAIL,
    )
    source_word = models.CharField(max_length=40, blank=True)  # What the roster called it.
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    note_sealed = models.BinaryField(null=True)
    review_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by_id = models.BigIntegerField(null=True)
    recorded_how = models.CharField(max_length=6, choices=How)
    lifted_at = models.DateTimeField(null=True)
    lifted_by_id = models.BigIntegerField(null=True)
    lift_reason = models.CharField(max_length=500, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    changed_no = models.PositiveBigIntegerField()

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="restriction_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "changed_no"], name="restrictions_changed"),
            models.Index(fields=["student", "contact"], name="restrictions_of_pair"),
        ]

    def __str__(self) -> str:
        return f"restriction {self.pk}"


class ImportState(models.TextChoices):
    CHECKING = "checking"
    REFUSED = "refused"  # Errors: nothing applied.
    WARNED = "warned"  # Warnings wait to be accepted.
    HELD = "held"  # A guard asks for a second look.
    READY = "ready"  # Checked; the preview waits for a person.
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"  # Put back as it was before, but for what was saved since.


class RosterImport(models.Model):
    """One upload, from its files to its end. counts, held: what the command prints. base_no: the clock when it was planned.

    options: what was said about the files (import_options.ImportOptions), without what a person accepts. job: the run in
    hand, or the last one. may_leave_out: of a refused one, the rows without which it could be applied; 0: it can't be.
    preview: the first of those whom it would add, change or end (merge/named.py).
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT)
    source = models.CharField(max_length=40)
    format = models.CharField(max_length=20, blank=True)
    school = models.ForeignKey(School, models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHECKING)
    file_names = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    content_hash = models.CharField(max_length=64, blank=True)
    newest_in_file_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    held = models.JSONField(default=list)
    preview = models.JSONField(default=list)
    may_leave_out = models.PositiveIntegerField(default=0)
    base_no = models.PositiveBigIntegerField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tenant", "-created_at"], name="imports_newest")]

    def __str__(self) -> str:
        return f"import {self.pk}"


class RosterFinding(models.Model):
    """What an import has to say about a place in the files (rostering.md §10). places: up to 20 [file, line]."""

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="findings")
    position = models.PositiveIntegerField()
    severity = models.CharField(max_length=8)
    code = models.CharField(max_length=40)
    file = models.CharField(max_length=200, blank=True)
    line = models.PositiveIntegerField(null=True)
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=80, blank=True)
    why = models.TextField()
    fix = models.TextField(blank=True)
    count = models.PositiveIntegerField(default=1)
    places = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roster_import", "position"], name="one_finding_per_position")]

    def __str__(self) -> str:
        return f"{self.code} {self.file}:{self.line}"


class RosterChunk(models.Model):
    """A piece of an uploaded file, kept in the database while the import lives, since any worker may read it."""

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="chunks")
    file_no = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["roster_import", "file_no", "position"],
                name="one_chunk_per_position",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_no}:{self.position}"


class RosterBefore(models.Model):
    """A row as it was before the last applied import changed it: with these the import can be undone (merge/before.py)."""

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=11)
    object_id = models.BigIntegerField()
    before = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "kind", "object_id"], name="one_before_per_row"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
