"""The run that printed one person's letter, for whoever may fetch it."""

from django.db.models.functions import Coalesce

from schoolgate.console.parent_access_administration.registration_keys.people import students_in
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.jobs.models import Job, JobItem
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.lib.errors import NotFound


def letter_job(scope: Scope, job_id: int, *, user_id: int) -> Job:
    """Query: the member's own run of letters, all of whose addressees are within their schools. Raises NotFound."""
    job = Job.objects.for_tenant(scope.tenant).filter(pk=job_id, kind="letters.print", actor_id=user_id).first()
    if job is None:
        raise NotFound
    addressed = JobItem.objects.filter(job=job)
    own = addressed.filter(subject_kind=STUDENT_SELF).exclude(subject_id__in=students_in(scope).values("pk"))
    theirs = DirectoryAssociation.objects.for_tenant(scope.tenant).filter(
        student_id__in=students_in(scope).values("pk")
    )
    adults = addressed.exclude(subject_kind=STUDENT_SELF).annotate(adult_id=Coalesce("addressee_id", "subject_id"))
    others = adults.exclude(adult_id__in=theirs.values("contact_id"))
    if own.exists() or others.exists():
        raise NotFound
    return job
