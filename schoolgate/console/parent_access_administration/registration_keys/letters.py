"""The run that printed one person's letter, for whoever may fetch it."""

from schoolgate.console.items_in_reach import is_within
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.jobs.models import Job
from schoolgate.lib.errors import NotFound


def letter_job(scope: Scope, job_id: int, *, user_id: int) -> Job:
    """Query: the member's own run of letters, all of whose addressees are within their schools. Raises NotFound."""
    job = Job.objects.for_tenant(scope.tenant).filter(pk=job_id, kind="letters.print", actor_id=user_id).first()
    if job is None:
        raise NotFound
    if not is_within(job, school_ids=scope.schools):
        raise NotFound
    return job
