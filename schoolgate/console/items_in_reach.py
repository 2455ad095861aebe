"""Which items of a run a member may read and act on: by their schools today, whatever these were when the run was started (R-RK-11)."""

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.keys.subjects import AUDIT_KIND, STUDENT, STUDENT_SELF
from schoolgate.tenancy.models import Tenant


def items_at(items: QuerySet[JobItem], *, tenant: Tenant, school_ids: Collection[int] | None) -> QuerySet[JobItem]:
    """Those about students of these schools (None: all), and about adults of such; what is about no person stays.

    Students and contacts have ids of their own each, and neither stands for the other.
    """
    if school_ids is None:
        return items
    students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
    adults = DirectoryAssociation.objects.for_tenant(tenant).at_schools(school_ids)
    own_student = ~Q(subject_kind__in=[STUDENT, STUDENT_SELF]) | Q(subject_id__in=students.values("pk"))
    own_adult = Q(subject_kind=STUDENT_SELF) | Q(adult_id__in=adults.values("contact_id"))
    by_person = items.annotate(adult_id=Coalesce("addressee_id", "subject_id"))
    return by_person.filter(~Q(subject_kind__in=AUDIT_KIND) | (own_student & own_adult))


def is_within(job: Job, *, school_ids: Collection[int] | None) -> bool:
    """Query: is everybody on whom the run has acted at these schools?"""
    if school_ids is None:
        return True
    acted_on = JobItem.objects.filter(job=job, state=ItemState.DONE)
    return acted_on.count() == items_at(acted_on, tenant=job.tenant, school_ids=school_ids).count()
