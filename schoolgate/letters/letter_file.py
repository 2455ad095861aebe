"""One file of a run of letters: set from the sealed copies when it is fetched, and never kept (R-CK-10, R-CK-11, R-RN-03, R-RN-06).

Since every fetch sets the whole file anew, a half-written one can't be seen; letters whose key has ended since, or whose
contact has been restricted, are left out and named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import feed_end
from schoolgate.directory.models import DirectoryBar, DirectoryChange
from schoolgate.jobs.models import Job
from schoolgate.jobs.queries import OPEN_STATES
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.reveal import unsealed
from schoolgate.keys.subjects import students_by_subject, subject_of
from schoolgate.letters.addressees import Addressee, Whom, addressees_of, kind_of, whom
from schoolgate.letters.errors import LettersRefused
from schoolgate.letters.fields import Part
from schoolgate.letters.in_use import template_in_use
from schoolgate.letters.key_values import key_values
from schoolgate.letters.merge import ListWords, merge
from schoolgate.letters.models import Delivery, DeliveryState
from schoolgate.letters.pdf import Batch, SheetTexts, print_pdf, tally_pages
from schoolgate.letters.print_letters import why_not_print
from schoolgate.letters.sheet import LetterSheet, PaperSize, SheetWords, TallyRow, lay_out
from schoolgate.lib.errors import NotFound, SchoolgateError
from schoolgate.lib.keycode import KeyCode
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

KEY_ENDED = "no_key"
RESTRICTED = "restricted"
DESTROYED = "destroyed"
_NAMED = 12


class FileNotReady(SchoolgateError):
    """A file of letters is there when the whole run is (R-RN-03)."""

    code = "letters.not_ready"
    status = 409
    message = "These letters are still being made."
    fix = "Wait until the run has ended."


@dataclass(frozen=True)
class LeftOut:
    """A letter of the run that the file does not hold, and why: a stable word. number: the Contact ID or Student Id."""

    whom: Whom
    number: str
    why: str


@dataclass(frozen=True)
class LetterFile:
    """pages: the tally's included. letters: how many."""

    pdf: bytes
    letters: int
    pages: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class FileOfRun:
    """A file as the run's page lists it. letters: made; fetched_at: when it was last."""

    file_no: int
    letters: int
    fetched_at: datetime | None


@dataclass(frozen=True)
class LetterToPull:
    """A printed letter that must not go out. why: "restricted" or "no_key"."""

    file_no: int
    page_no: int
    whom: Whom
    number: str
    why: str


def files_of_run(*, tenant: Tenant, job: Job) -> list[FileOfRun]:
    """Query: the files of a run that has ended; none before (R-RN-03)."""
    if job.state in OPEN_STATES:
        return []
    rows = Delivery.objects.for_tenant(tenant).filter(run=job).values("file_no")
    files = rows.annotate(letters=Count("pk"), fetched=Max("fetched_at")).order_by("file_no")
    return [FileOfRun(row["file_no"] or 1, row["letters"], row["fetched"]) for row in files]


def fetch_letter_file(*, tenant: Tenant, job: Job, file_no: int, by: Actor, at: datetime) -> LetterFile:
    """Action: set one file and note that it left the building. Whoever calls has asked for *see keys* and a fresh sign-in.

    The sheets are set outside of any transaction; the note is one. Raises NotFound, FileNotReady, FontsMissing, LetterEngineFailed.
    """
    if job.state in OPEN_STATES:
        raise FileNotReady
    deliveries = list(
        Delivery.objects.for_tenant(tenant).filter(run=job, file_no=file_no).select_related("key").order_by("pk")
    )
    if not deliveries:
        raise NotFound
    seq = feed_end(tenant=tenant)  # Before the facts are read: whatever is published later counts as later.
    with translation.override(deliveries[0].language):
        made = _set_file(tenant, deliveries, file_no=file_no, at=at)
    _note_fetched(tenant=tenant, job=job, file_no=file_no, made=made, seq=seq, by=by, at=at)
    return made.file


@dataclass(frozen=True)
class _Made:
    file: LetterFile
    page_by_delivery: dict[int, int]
    problem_by_delivery: dict[int, str]


def _set_file(tenant: Tenant, deliveries: Sequence[Delivery], *, file_no: int, at: datetime) -> _Made:
    """Set the letters that may go out; those that can't be printed as they are give way, so that the others can."""
    subjects = {each.pk: subject_of(each.key) for each in deliveries}
    addressees = addressees_of(tenant=tenant, subjects=subjects.values())
    people = {pk: addressees[whom(subject)] for pk, subject in subjects.items() if whom(subject) in addressees}
    reasons = _why_left_out(tenant, deliveries, at=at)
    remaining = [delivery for delivery in deliveries if delivery.pk not in reasons]
    sheets = sheets_of(tenant=tenant, deliveries=remaining, people=people, at=at)
    problems: dict[int, str] = {}
    while True:
        out = [LeftOut(whom(subjects[each.pk]), people[each.pk].number if each.pk in people else "", reasons[each.pk])
               for each in deliveries if each.pk in reasons]  # fmt: skip
        rows = [
            TallyRow(page, people[each.pk].number, each.key.selector, each.copy_no)
            for page, each in enumerate(remaining, 1)
        ]
        texts = SheetTexts(
            title=_("Letters of run %(run)s, file %(file)s") % {"run": deliveries[0].run_id, "file": file_no},
            tally_title=_("Tally of run %(run)s, file %(file)s") % {"run": deliveries[0].run_id, "file": file_no},
            tally_note=_tally_note(len(rows), out),
            tally_heads=(_("Page"), _numbers_are(people.values()), _("Key"), _("Copy")),
            ref_alt=_("Reference for returned mail"),
        )
        paper = PaperSize(tenant.settings.paper)
        try:
            pdf = print_pdf(
                Batch(
                    texts, tenant.name, deliveries[0].language, paper, [sheets[each.pk] for each in remaining], at, rows
                )
            )
        except LettersRefused as refusal:
            for fault in refusal.faults:
                reasons[remaining[fault.index].pk] = problems[remaining[fault.index].pk] = fault.code
            remaining = [delivery for delivery in remaining if delivery.pk not in reasons]
            continue
        made = LetterFile(pdf, len(rows), len(rows) + max(tally_pages(len(rows)), 1), tuple(out))
        return _Made(made, {each.pk: page for page, each in enumerate(remaining, 1)}, problems)


def sheets_of(
    *, tenant: Tenant, deliveries: Sequence[Delivery], people: Mapping[int, Addressee], at: datetime
) -> dict[int, LetterSheet]:
    """The sheet of each delivery, by its id, in the language that is active, each from its own kind of text; a handful of statements.

    people: whom each delivery is for, by its id.
    """
    if not deliveries:
        return {}
    subjects = [subject_of(each.key) for each in deliveries]
    students = students_by_subject(tenant=tenant, subjects=subjects, today=day_of(tenant, at))
    codes: dict[int, KeyCode] = unsealed(each.key for each in deliveries)
    language = deliveries[0].language
    templates = {
        kind: template_in_use(tenant=tenant, kind=kind, channel=Part.LETTER, language=language).template
        for kind in set(map(kind_of, subjects))
    }
    words, join = sheet_words(), list_words()
    is_rtl = translation.get_language_bidi()
    found = {}
    for each, subject in zip(deliveries, subjects, strict=True):
        values = key_values(
            tenant=tenant,
            addressee=people[each.pk],
            students=students.get(subject, ()),
            grouped_key=codes[each.key_id].grouped,
            last_day=each.expires_on,
            copy_no=each.copy_no,
            at=at,
        )
        tree = merge(templates[kind_of(subject)], values, join)
        found[each.pk] = lay_out(tree, values, language=each.language, is_rtl=is_rtl, words=words)
    return found


def sheet_words() -> SheetWords:
    """The sheet's own words in the language that is active."""
    return SheetWords(
        key_note=_("The letters I, L, O and U are never used in a key."),
        qr_alt=_("Square code that opens the portal with your key filled in"),
    )


def list_words() -> ListWords:
    return ListWords(between=_(", "), last=_(" and "))


def _why_left_out(tenant: Tenant, deliveries: Sequence[Delivery], *, at: datetime) -> dict[int, str]:
    """{delivery id: why its letter may not go out any more}, by the verdict that Print Letters obeys."""
    subjects = {each.pk: subject_of(each.key) for each in deliveries}
    facts = facts_of(tenant=tenant, subjects=subjects.values(), at=at)
    found = {}
    for each in deliveries:
        of_subject = facts.get(subjects[each.pk])
        why = why_not_print(of_subject)
        if not why and of_subject is not None and of_subject.key_id != each.key_id:
            why = KEY_ENDED  # It has a newer one.
        if each.state == DeliveryState.DESTROYED:
            why = DESTROYED
        if why:
            found[each.pk] = why
    return found


def _numbers_are(people: Iterable[Addressee]) -> str:
    """What the numbers of a tally are, of contacts, of students, or of both."""
    kinds = {each.whom.is_student for each in people}
    if kinds == {True}:
        return _("Student Id")
    return _("Contact ID") if kinds == {False} else _("Number")


def _tally_note(letters: int, left_out: Sequence[LeftOut]) -> str:
    note = ngettext(
        "%(letters)s letter. Count and compare. This sheet shows no full key.",
        "%(letters)s letters. Count them and compare. This sheet shows no full key.",
        letters,
    ) % {"letters": letters}
    if not left_out:
        return note
    named = ", ".join(each.number for each in left_out[:_NAMED])
    more = len(left_out) - _NAMED
    rest = _(" and %(n)s more") % {"n": more} if more > 0 else ""
    return note + " " + _("Left out: %(contacts)s.") % {"contacts": named + rest}


@transaction.atomic(durable=True)
def _note_fetched(*, tenant: Tenant, job: Job, file_no: int, made: _Made, seq: int, by: Actor, at: datetime) -> None:
    deliveries = list(Delivery.objects.for_tenant(tenant).filter(run=job, file_no=file_no).order_by("pk"))
    for delivery in deliveries:
        delivery.page_no = made.page_by_delivery.get(delivery.pk)
        delivery.problem = made.problem_by_delivery.get(delivery.pk, "")
        if delivery.page_no is not None:
            delivery.fetched_at, delivery.directory_seq = at, seq
    Delivery.objects.bulk_update(deliveries, ["page_no", "problem", "fetched_at", "directory_seq"], batch_size=200)
    detail = {"file": file_no, "letters": made.file.letters, "left_out": len(made.file.left_out)}
    record("letter.fetched", tenant_id=tenant.pk, by=by, at=at, subjects=[("job", job.pk)], detail=detail)


def letters_to_pull(*, tenant: Tenant, job: Job, at: datetime) -> list[LetterToPull]:
    """Query: fetched letters of a run that must not go out: somebody was restricted since, or the key has ended (R-RN-06)."""
    printed = list(
        Delivery.objects.for_tenant(tenant)
        .filter(run=job, state=DeliveryState.MADE, fetched_at__isnull=False, page_no__isnull=False)
        .select_related("key")
        .order_by("file_no", "page_no")
    )
    subjects = {each.pk: subject_of(each.key) for each in printed}
    barred = _barred_since(tenant, [each for each in printed if not whom(subjects[each.pk]).is_student], at=at)
    addressees = addressees_of(tenant=tenant, subjects=subjects.values())
    found = []
    for each in printed:
        why = RESTRICTED if each.pk in barred else "" if _still_opens(each.key, at=at) else KEY_ENDED
        if why and each.file_no is not None and each.page_no is not None:
            person = whom(subjects[each.pk])
            number = addressees[person].number if person in addressees else ""
            found.append(LetterToPull(each.file_no, each.page_no, person, number, why))
    return found


def _still_opens(key: AccessKey, *, at: datetime) -> bool:
    return key.state == KeyState.LIVE and key.expires_at > at


def _barred_since(tenant: Tenant, printed: Sequence[Delivery], *, at: datetime) -> set[int]:
    """Deliveries to contacts who have a restriction that was published, or has begun, after the letter was set."""
    contact_ids = {each.key.addressee_id for each in printed}
    oldest = min((each.directory_seq or 0 for each in printed), default=0)
    closing = (
        DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at)).filter(contact_id__in=contact_ids)
    )
    bars = list(closing.values_list("pk", "contact_id", "starts_on"))
    changes = DirectoryChange.objects.for_tenant(tenant).filter(Q(kind="bar", seq__gt=oldest))
    newest_seq = dict(
        changes.filter(object_id__in=[pk for pk, _contact, _day in bars])
        .order_by("seq")
        .values_list("object_id", "seq")
    )
    found = set()
    for each in printed:
        if each.fetched_at is None:
            continue
        fetched_on = day_of(tenant, each.fetched_at)
        if any(
            newest_seq.get(pk, 0) > (each.directory_seq or 0) or starts_on > fetched_on
            for pk, contact_id, starts_on in bars
            if contact_id == each.key.addressee_id
        ):
            found.add(each.pk)
    return found


@transaction.atomic(durable=True)
def mark_letters(*, tenant: Tenant, job: Job, state: DeliveryState, by: Actor, at: datetime) -> list[Subject]:
    """*Mark as posted* or *Mark as destroyed*: what became of the paper. The subjects whose letters it is about.

    Destroyed letters' keys are replaced by whoever calls, as a run of its own (portal-console §6, Undo).
    """
    letters = Delivery.objects.for_tenant(tenant).filter(run=job, state=DeliveryState.MADE)
    subjects = [subject_of(each.key) for each in letters.select_related("key")]
    letters.update(state=state)
    act = "letter.posted" if state == DeliveryState.POSTED else "letter.destroyed"
    record(act, tenant_id=tenant.pk, by=by, at=at, subjects=[("job", job.pk)], detail={"letters": len(subjects)})
    return subjects
