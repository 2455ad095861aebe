"""The run that this list started: its panel while it works, and afterwards what came of it and what can be done about it (design.md §5)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.audit.actor import Actor
from schoolgate.console.items_in_reach import is_within, items_at
from schoolgate.console.job_panel import JobPanel, may_act_on, panel_of
from schoolgate.console.parent_access.key_pages.words import said_skips
from schoolgate.jobs.models import Job
from schoolgate.jobs.queries import OPEN_STATES, skip_counts
from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.keys.replace import start_replace
from schoolgate.letters.addressees import whom
from schoolgate.letters.hand_over import has_mail_server
from schoolgate.letters.letter_file import FileOfRun, LetterToPull, files_of_run, letters_to_pull, mark_letters
from schoolgate.letters.models import DeliveryState
from schoolgate.letters.queries import has_letters_in_hand, held_mails
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.roles import Right

KINDS = ("keys.generate", "keys.replace", "keys.revoke", "keys.unlock", "letters.print", "letters.send_emails")
_ENDED_IS_SHOWN_FOR = timedelta(hours=12)
_CLOSED = "contact_keys_closed_run"


@dataclass(frozen=True)
class Run:
    """What the panel shows. said: the end in a sentence, empty while it works.

    undoable: keys of it that nobody has been given yet. held: mails still in the outbox, and until when. files: of letters,
    once the run has ended. to_pull: printed pages that must not go out. is_in_hand: nobody has said yet what became of the paper.
    has_mail_server: without one, mails stay in the outbox and no hour is said at which they leave.
    """

    panel: JobPanel
    said: str
    skips: str
    undoable: int
    held_until: datetime | None = None
    held: int = 0
    files: tuple[FileOfRun, ...] = ()
    to_pull: tuple[LetterToPull, ...] = ()
    is_in_hand: bool = False
    has_mail_server: bool = True

    @property
    def job(self) -> Job:
        return self.panel.job


def run_on_page(request: TenantRequest, *, at: datetime) -> Run | None:
    """Query: the newest run under way; else the reader's own last one until they close it, or half a day is over."""
    runs = Job.objects.for_tenant(request.tenant).filter(kind__in=KINDS)
    mine = Q(actor_id=request.user.pk, created_at__gt=at - _ENDED_IS_SHOWN_FOR, pk__gt=_closed(request))
    under_way = Q(state__in=OPEN_STATES)
    if request.rights[Right.KEYS_READ] is not None:
        under_way &= Q(actor_id=request.user.pk)  # A run isn't cut to one school.
    job = runs.filter(under_way | mine).order_by("-pk").first()
    return None if job is None else _run(request, job, at=at)


def run_by_id(request: TenantRequest, job_id: int, *, at: datetime) -> Run:
    """Query: one run of this list. Raises NotFound, also for another member's when the reader sees one school only."""
    job = Job.objects.for_tenant(request.tenant).filter(pk=job_id, kind__in=KINDS).first()
    if job is None or not (job.actor_id == request.user.pk or request.rights[Right.KEYS_READ] is None):
        raise NotFound
    return _run(request, job, at=at)


def may_change(request: TenantRequest, run: Run) -> bool:
    """May the reader undo it, or say what became of its letters? Not once it holds somebody beyond their schools."""
    return may_act_on(request, run.job) and is_within(run.job, school_ids=request.rights[Right.KEYS_ACT])


def may_see_letters(request: TenantRequest, run: Run) -> bool:
    """May the reader see the keys of everybody to whom its letters go, as their schools are now?"""
    return Right.KEYS_SEE in request.rights and is_within(run.job, school_ids=request.rights[Right.KEYS_SEE])


def close_panel(request: TenantRequest, *, job_id: int) -> None:
    request.session[_CLOSED] = max(job_id, _closed(request))


def _closed(request: TenantRequest) -> int:
    closed: int = request.session.get(_CLOSED, 0)
    return closed


def _run(request: TenantRequest, job: Job, *, at: datetime) -> Run:
    panel = panel_of(request, job, at=at)
    if panel.is_open:
        return Run(panel, "", "", 0)
    skipped: dict[str, int] = {}
    for (_state, why), count in skip_counts(job).items():
        skipped[why] = skipped.get(why, 0) + count
    undoable = _undoable(request.tenant, job) if job.kind == "keys.generate" else 0
    held, until = held_mails(tenant=request.tenant, job=job) if job.kind == "letters.send_emails" else (0, None)
    found = Run(panel, _said(job), said_skips(skipped), undoable, until, held, has_mail_server=has_mail_server())
    if job.kind != "letters.print":
        return found
    return replace(
        found,
        files=tuple(files_of_run(tenant=request.tenant, job=job)),
        to_pull=tuple(_to_pull(request, job, at=at)),
        is_in_hand=has_letters_in_hand(tenant=request.tenant, job=job),
    )


def _to_pull(request: TenantRequest, job: Job, *, at: datetime) -> list[LetterToPull]:
    """Those of the reader's schools; whoever looks after the others is told of theirs."""
    found = letters_to_pull(tenant=request.tenant, job=job, at=at)
    schools = request.rights[Right.KEYS_READ]
    if schools is None or not found:
        return found
    near = items_at(job.items.all(), tenant=request.tenant, school_ids=schools)
    mine = {whom(item.subject) for item in near}
    return [letter for letter in found if letter.whom in mine]


def destroy_letters(*, tenant: Tenant, run: Run, by: Actor, at: datetime) -> Job:
    """*Mark as destroyed*: note it, and replace the keys that stood on the paper by a run of its own."""
    subjects = mark_letters(tenant=tenant, job=run.job, state=DeliveryState.DESTROYED, by=by, at=at)
    return start_replace(tenant=tenant, subjects=subjects, by=by, at=at, reason=_("letters destroyed"))


def _undoable(tenant: Tenant, job: Job) -> int:
    keys = AccessKey.objects.for_tenant(tenant).filter(run=job, state=KeyState.LIVE)
    return keys.filter(printed_at=None, emailed_at=None).count()


def _said(job: Job) -> str:
    n = job.done
    shown = number_format(n, force_grouping=True)
    sentences = {
        "keys.generate": ngettext("%(n)s key made.", "%(n)s keys made.", n),
        "keys.replace": ngettext("%(n)s key replaced.", "%(n)s keys replaced.", n),
        "keys.revoke": ngettext("Keys of %(n)s person revoked.", "Keys of %(n)s people revoked.", n),
        "keys.unlock": ngettext("%(n)s key unlocked.", "%(n)s keys unlocked.", n),
        "letters.print": ngettext("%(n)s letter ready.", "%(n)s letters ready.", n),
        "letters.send_emails": ngettext("%(n)s email in the outbox.", "%(n)s emails in the outbox.", n),
    }
    return sentences.get(job.kind, _("%(n)s done.")) % {"n": shown}
