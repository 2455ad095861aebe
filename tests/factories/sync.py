"""A working copy that has been published, and questions about who sees whom."""

from datetime import datetime

from schoolgate.directory.models import DirectoryBar
from schoolgate.directory.queries import visible_students
from schoolgate.enrolments.models import Association
from schoolgate.enrolments.set_access import set_access
from schoolgate.sync.kinds import KINDS
from schoolgate.sync.publish import Outcome, publish_changes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import School, Tenant
from tests.factories.enrolments import make_association, make_contact, make_student
from tests.factories.tenancy import NOW, actor


def sync(tenant: Tenant, *, at: datetime = NOW, **options: object) -> Outcome:
    return publish_changes(tenant=tenant, by=actor(), at=at, **options)


def sees(pair: Association, *, at: datetime = NOW) -> bool:
    """Whether an account tied to this contact alone sees the student."""
    today = day_of(pair.tenant, at)
    found = visible_students(tenant=pair.tenant, contact_ids=[pair.contact_id], today=today)
    return pair.student_id in {student.pk for student in found}


def turn(pair: Association, *, on: bool) -> None:
    """By a person, in enrolments: pending."""
    set_access(tenant=pair.tenant, wanted={pair.pk: on}, by=actor(), at=NOW)


def crowd(tenant: Tenant, school: School, *, pairs: int) -> list[Association]:
    """Pairs with access on, each of its own student and contact."""
    return [
        make_association(make_student(tenant, school=school), make_contact(tenant), access=True) for _ in range(pairs)
    ]


def published(tenant: Tenant) -> dict[str, list[dict[str, object]]]:
    """Every row of the directory, column by column."""
    return {kind.name: list(kind.published.objects.filter(tenant=tenant).order_by("pk").values()) for kind in KINDS}


def bars(tenant: Tenant) -> int:
    return DirectoryBar.objects.for_tenant(tenant).count()
