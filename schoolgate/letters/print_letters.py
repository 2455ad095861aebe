"""Print Letters: a letter for each selected contact, or student, with a live key, as a job (R-CK-09 to R-CK-11, R-KY-06, R-RN-01 to R-RN-06).

The job decides, numbers the copies and places them in files; the sheets themselves are set when a file is fetched, from the
sealed copies (letter_file.py): no letter is ever stored.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.crypto import salted_hmac

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import wait_for_sync
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact, DirectoryStudent
from schoolgate.directory.queries import students_by_contact
from schoolgate.jobs.models import ItemState, Job, JobItem, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.expire import expire_these
from schoolgate.keys.expiry import note_printed
from schoolgate.keys.facts import facts_of
from schoolgate.keys.make_keys import hold_keys_of, make_keys
from schoolgate.keys.schemes import IN_RUN, NO_KEY, RESTRICTED, UNKNOWN, Facts, Forecast, forecast_of, why_not_generate
from schoolgate.keys.subjects import audited, students_by_subject
from schoolgate.letters.addressees import Addressee, Whom, addressees_of, kind_of, whom
from schoolgate.letters.fields import Part
from schoolgate.letters.fonts import families_for
from schoolgate.letters.in_use import template_in_use
from schoolgate.letters.key_values import student_line
from schoolgate.letters.models import Channel, Delivery, DeliveryState
from schoolgate.letters.pdf import MAX_LETTERS
from schoolgate.letters.print_order import OrderedLetter, OrderedStudent, print_order
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

NO_ADDRESS = "no_address"
MISSING_GLYPH = "missing_glyph"
NAMED_IN_AUDIT = 500
_AT_ONCE = 10_000  # Ids in one statement.


@dataclass(frozen=True)
class PrintOptions:
    """also_generate: contacts without a key get one first. only_with_address: others are skipped, not printed for handing over."""

    also_generate: bool = False
    only_with_address: bool = False


PLAIN = PrintOptions()


def why_not_print(facts: Facts | None, *, also_generate: bool = False) -> str:
    """Why a contact gets no letter, or "" when they do; pure. A contact without an e-mail can be printed (R-CK-09)."""
    if facts is None:
        return UNKNOWN
    if facts.never:
        return facts.never
    if facts.is_barred and not facts.has_link:
        return RESTRICTED  # R-RX-05: no letter to somebody who is kept from every student.
    if facts.key_id is not None:
        return ""
    return why_not_generate(facts) if also_generate else NO_KEY


def forecast_letters(
    *, tenant: Tenant, subjects: Collection[Subject], at: datetime, options: PrintOptions = PLAIN
) -> Forecast:
    """Query: what `start_print_letters` would do with this selection at this moment (R-CK-07)."""
    wanted = list(dict.fromkeys(subjects))
    facts_by_subject = facts_of(tenant=tenant, subjects=wanted, at=at)
    homeless = _without_address(tenant=tenant, subjects=wanted) if options.only_with_address else set()
    return forecast_of(
        {
            subject: why_not_print(facts_by_subject.get(subject), also_generate=options.also_generate)
            or (NO_ADDRESS if whom(subject) in homeless else "")
            for subject in wanted
        }
    )


@transaction.atomic(durable=True)
def start_print_letters(
    *,
    tenant: Tenant,
    subjects: Iterable[Subject],
    by: Actor,
    at: datetime,
    options: PrintOptions = PLAIN,
    queued: bool = True,
) -> Job:
    """Make the job for these subjects, in the order of the pile. queued: a worker runs it; otherwise the caller does."""
    job = add_letters_job(tenant=tenant, subjects=subjects, by=by, at=at, options=options)
    if queued:
        hand_to_queue(job)
    return job


def add_letters_job(
    *, tenant: Tenant, subjects: Iterable[Subject], by: Actor, at: datetime, options: PrintOptions = PLAIN
) -> Job:
    """Step: the same job, which nobody works on yet."""
    return add_job(
        tenant=tenant,
        kind=PRINT_LETTERS.name,
        by=by,
        at=at,
        options={"also_generate": options.also_generate, "only_with_address": options.only_with_address},
        items=in_print_order(tenant=tenant, subjects=subjects, at=at),
    )


def in_print_order(*, tenant: Tenant, subjects: Iterable[Subject], at: datetime) -> list[Subject]:
    """Query: these subjects as their letters lie in the pile (R-CK-10). Ids of nobody come last, to be told of."""
    by_whom: dict[Whom, list[Subject]] = {}
    for subject in dict.fromkeys(subjects):
        by_whom.setdefault(whom(subject), []).append(subject)
    contact_ids = [each.id for each in by_whom if not each.is_student]
    letters: list[OrderedLetter[Whom]] = []
    for some in _pieces(contact_ids):
        numbers = dict(DirectoryContact.objects.for_tenant(tenant).filter(pk__in=some).values_list("pk", "contact_no"))
        students = students_by_contact(tenant=tenant, contact_ids=some, today=day_of(tenant, at))
        letters += [
            OrderedLetter(Whom(False, pk), contact_no, [_ordered(student) for student in students.get(pk, ())])
            for pk, contact_no in numbers.items()
        ]
    for some in _pieces([each.id for each in by_whom if each.is_student]):
        themselves = DirectoryStudent.objects.for_tenant(tenant).filter(pk__in=some).select_related("school")
        letters += [OrderedLetter(Whom(True, each.pk), each.student_no, [_ordered(each)]) for each in themselves]
    ordered = print_order(letters, _kept_apart(tenant=tenant, contact_ids=set(contact_ids), at=at))
    known = set(ordered)
    in_order = [*ordered, *(each for each in by_whom if each not in known)]
    return [subject for each in in_order for subject in by_whom[each]]


def _ordered(student: DirectoryStudent) -> OrderedStudent:
    return OrderedStudent(
        student.school.number, student.year_level, student.roll_class, student.sort_name, student.birth_date
    )


def _kept_apart(*, tenant: Tenant, contact_ids: set[int], at: datetime) -> set[frozenset[Whom]]:
    """Pairs of which one is barred from a student that the other is associated with: few, even in a large district.

    Stricter than R-CK-10, which asks it of contacts who share an address: a pile may be handed out by class.
    """
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at))
    barred = list(closing.values_list("student_id", "contact_id"))
    others: dict[int, set[int]] = {}
    for some in _pieces(sorted({student_id for student_id, _ in barred})):
        pairs = DirectoryAssociation.objects.for_tenant(tenant).filter(student_id__in=some)
        for student_id, contact_id in pairs.values_list("student_id", "contact_id"):
            others.setdefault(student_id, set()).add(contact_id)
    return {
        frozenset({Whom(False, contact_id), Whom(False, other)})
        for student_id, contact_id in barred
        for other in others.get(student_id, ())
        if other != contact_id and {contact_id, other} <= contact_ids
    }


def _print_chunk(job: Job, items: list[JobItem], at: datetime) -> None:
    """One chunk: decide by the facts of this moment, number the copies, put them into files."""
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    by = actor_of(job)
    subjects = [item.subject for item in items]
    if job.options["also_generate"]:
        hold_keys_of(tenant)  # Waits for a sync as well.
    else:
        wait_for_sync(tenant=tenant)
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    if job.options["also_generate"]:
        overdue = [facts.overdue_key_id for facts in facts_by_subject.values() if facts.overdue_key_id is not None]
        expire_these(tenant=tenant, key_ids=overdue, by=by, at=at)
    addressees = addressees_of(tenant=tenant, subjects=subjects)
    students = students_by_subject(tenant=tenant, subjects=subjects, today=day_of(tenant, at))
    elsewhere = _held_by_earlier_runs(job, subjects)
    key_ids: dict[Subject, int] = {}
    keyless: list[Subject] = []
    for item, subject in zip(items, subjects, strict=True):
        facts = facts_by_subject.get(subject)
        item.why = why_not_print(facts, also_generate=job.options["also_generate"])
        if not item.why and subject in elsewhere:
            item.why, item.result_id = IN_RUN, elsewhere[subject]
        elif not item.why and job.options["only_with_address"] and not addressees[whom(subject)].has_address:
            item.why = NO_ADDRESS
        item.state = ItemState.SKIPPED if item.why else ItemState.DONE
        if not item.why and _has_no_glyph(tenant, addressees[whom(subject)], students.get(subject, ())):
            item.state, item.why = ItemState.FAILED, MISSING_GLYPH
        if item.state == ItemState.DONE and facts is not None:
            if facts.key_id is None:
                keyless.append(subject)
            else:
                key_ids[subject] = facts.key_id
    if keyless:
        made = make_keys(tenant=tenant, subjects=keyless, at=at, by_id=by.user_id, run_id=job.pk)
        key_ids |= dict(zip(keyless, made, strict=True))
        about = [("job", job.pk), *audited(keyless), *(("key", pk) for pk in made)]
        record("key.generated", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"keys": len(keyless)})
    deliveries = _deliver(job, items, addressees, key_ids, at=at)
    if deliveries:
        about = [("job", job.pk)]
        if len(deliveries) <= NAMED_IN_AUDIT:
            about += audited(key_ids) + [("key", made.key_id) for made in deliveries]
        record("key.printed", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"letters": len(deliveries)})


def _deliver(
    job: Job,
    items: Sequence[JobItem],
    addressees: Mapping[Whom, Addressee],
    key_ids: Mapping[Subject, int],
    *,
    at: datetime,
) -> list[Delivery]:
    """Step: a Delivery for each letter, in the items' order; the dates of the keys move with them (R-KY-06)."""
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    by = actor_of(job)
    out = note_printed(tenant=tenant, key_ids=list(key_ids.values()), at=at)
    copies = _last_copies(tenant=tenant, key_ids=list(out))
    language = tenant.settings.language
    versions = {
        kind: template_in_use(tenant=tenant, kind=kind, channel=Part.LETTER, language=language).version
        for kind in set(map(kind_of, key_ids))
    }
    before = Delivery.objects.for_tenant(tenant).filter(run=job).count()
    deliveries: list[Delivery] = []
    printed: list[JobItem] = []
    for item in items:
        key_id = key_ids.get(item.subject)
        if key_id is None:
            continue
        if key_id not in out:  # Ended since the facts were read.
            item.state, item.why = ItemState.SKIPPED, NO_KEY
            continue
        place = before + len(deliveries)
        deliveries.append(
            Delivery(
                tenant=tenant,
                key_id=key_id,
                channel=Channel.LETTER,
                state=DeliveryState.MADE,
                copy_no=copies.get(key_id, 0) + 1,
                run=job,
                file_no=place // MAX_LETTERS + 1,
                page_no=place % MAX_LETTERS + 1,
                template_version=versions[kind_of(item.subject)],
                language=language,
                address_hash=address_hash(addressees[whom(item.subject)]),
                expires_on=out[key_id].last_day,
                made_at=at,
                made_by_id=by.user_id,
            )
        )
        printed.append(item)
    for item, delivery in zip(printed, Delivery.objects.bulk_create(deliveries, batch_size=500), strict=True):
        item.result_id = delivery.pk
    return deliveries


def address_hash(addressee: Addressee) -> str:
    """What tells later whether the address has changed since, and never what it was."""
    return salted_hmac("letters.address", "\n".join(addressee.lines), algorithm="sha256").hexdigest()


def _has_no_glyph(tenant: Tenant, addressee: Addressee, students: Sequence[DirectoryStudent]) -> bool:
    """Would this person's letter need a sign that no font has? The template's own signs were proved when it was saved."""
    lines = [student_line(student) for student in students]
    texts = [addressee.name, addressee.title, *addressee.lines, *(line.name + line.detail for line in lines)]
    _, missing = families_for("".join(texts), language=tenant.settings.language)
    return bool(missing)


def _last_copies(*, tenant: Tenant, key_ids: Collection[int]) -> dict[int, int]:
    """{key id: number of the last letter made of it} (R-CK-11)"""
    before: QuerySet[Delivery] = Delivery.objects.for_tenant(tenant).filter(key_id__in=key_ids, channel=Channel.LETTER)
    return dict(before.values_list("key_id").annotate(last=Max("copy_no")))


def _without_address(*, tenant: Tenant, subjects: Collection[Subject]) -> set[Whom]:
    addressees = addressees_of(tenant=tenant, subjects=subjects)
    return {each for each, addressee in addressees.items() if not addressee.has_address}


def _held_by_earlier_runs(job: Job, subjects: Collection[Subject]) -> dict[Subject, int]:
    """Subjects that an earlier run of letters still has before it, each with that run's id (R-RN-05)."""
    earlier = Job.objects.filter(tenant_id=job.tenant_id, kind=job.kind, pk__lt=job.pk)
    open_runs = earlier.filter(state__in=[JobState.PLANNED, JobState.RUNNING, JobState.PAUSED])
    waiting = JobItem.objects.filter(
        job_id__in=list(open_runs.values_list("pk", flat=True)),
        state=ItemState.WAITING,
        subject_id__in={subject.id for subject in subjects},
    )
    return {item.subject: item.job_id for item in waiting}


def _pieces(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


PRINT_LETTERS = JobKind("letters.print", "Print Letters", _print_chunk, chunk=MAX_LETTERS)
