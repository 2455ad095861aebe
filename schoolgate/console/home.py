"""Home: what needs a person, one line with one button each; how far the school has come; what runs (design.md §5)."""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.job_panel import JobPanel, areas_of, panel_of
from schoolgate.console.names import names_of_subjects
from schoolgate.console.parent_access.key_pages.counts import count_connected_since, count_segments, count_states
from schoolgate.console.parent_access.key_pages.coverage import Coverage, coverage_of
from schoolgate.console.parent_access.key_pages.filters import Filters
from schoolgate.console.parent_access.key_pages.page import scope_of
from schoolgate.console.parent_access.key_pages.schemes import scheme_of
from schoolgate.console.parent_access.key_pages.states import GridState
from schoolgate.enrolments.queries import has_students, restrictions_to_review
from schoolgate.jobs.queries import open_jobs
from schoolgate.sync.history import held_run
from schoolgate.sync.pending import what_waits
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem, OfficeNotice
from schoolgate.tenancy.queries import open_notices
from schoolgate.tenancy.roles import Right

# Which right's area a notice belongs to, by the beginning of its kind.
NOTICE_AREAS = {
    "restriction": Right.ENROLMENTS_EDIT,
    "child": Right.KEYS_ACT,
    "key": Right.KEYS_ACT,
    "account": Right.KEYS_ACT,
}


@dataclass(frozen=True)
class ToDo:
    """One line. address, button: what to do about it. notice_id: for one that a person closes."""

    icon: str
    text: str
    address: str = ""
    button: str = ""
    at: datetime | None = None
    notice_id: int | None = None


@dataclass(frozen=True)
class Home:
    """to_do: what needs a person. coverage: None for those who don't see keys. is_new: nothing has been imported yet."""

    to_do: list[ToDo] = field(default_factory=list)
    coverage: Coverage | None = None
    panels: list[JobPanel] = field(default_factory=list)
    is_new: bool = False


def home_of(request: TenantRequest, *, at: datetime) -> Home:
    """The first page of one member: what their role covers, and nothing else."""
    jobs = open_jobs(tenant=request.tenant, areas=areas_of(request))
    to_do = [*_waiting(request, at=at), *_restrictions(request, at=at)]
    coverage = None
    if Right.KEYS_READ in request.rights:
        scope = scope_of(request, Right.KEYS_READ, at=at)
        segments, counts = count_segments(scope, Filters()), count_states(scope, Filters())
        newly = count_connected_since(scope)
        coverage = coverage_of(
            segments, by_state=counts, state="", address=QueryDict(), newly=newly, scheme=scope.scheme
        )
        to_do += _keys(request, counts)
    return Home(
        to_do=[*to_do, *_notices(request)],
        coverage=coverage,
        panels=[panel_of(request, job, at=at) for job in jobs],
        is_new=Right.ENROLMENTS_READ in request.rights and not has_students(tenant=request.tenant),
    )


def address_of(request: TenantRequest, name: str, query: str = "") -> str:
    """The address of a page; empty while there is no such page."""
    try:
        return reverse(name, args=[request.tenant.code]) + query
    except NoReverseMatch:
        return ""


def _waiting(request: TenantRequest, *, at: datetime) -> list[ToDo]:
    if Right.SYNC_READ not in request.rights:
        return []
    address = address_of(request, "console:data_sync:home")
    run = held_run(tenant=request.tenant)
    if run is not None:
        text = _("Data Sync is held: a person has to look before %(n)d changes are published.") % {
            "n": run.counts.get("total", 0)
        }
        return [ToDo("warn", text, address, _("Look at it"), at=run.created_at)]
    waiting = what_waits(tenant=request.tenant, today=day_of(request.tenant, at))
    if not waiting.rows:
        return []
    text = ngettext("%d change waits for a Data Sync.", "%d changes wait for a Data Sync.", waiting.rows) % waiting.rows
    return [ToDo("sync", text, address, _("Open Data Sync"))]


def _restrictions(request: TenantRequest, *, at: datetime) -> list[ToDo]:
    if Right.RESTRICTIONS_READ not in request.rights:
        return []
    school_ids = request.rights[Right.RESTRICTIONS_READ]
    count = restrictions_to_review(tenant=request.tenant, today=day_of(request.tenant, at), school_ids=school_ids)
    if not count:
        return []
    text = (
        ngettext(
            "%d restriction has ended or is to be looked at soon.",
            "%d restrictions have ended or are to be looked at soon.",
            count,
        )
        % count
    )
    return [ToDo("shield", text, address_of(request, "console:enrolments:restrictions", "?which=review"), _("Review"))]


def _keys(request: TenantRequest, counts: dict[GridState, int]) -> list[ToDo]:
    """A line for each kind of trouble among the keys."""
    lines = (
        (
            GridState.LOCKED,
            "lock",
            ngettext(
                "%d key is locked after wrong tries.",
                "%d keys are locked after wrong tries.",
                counts.get(GridState.LOCKED, 0),
            ),
        ),
        (
            GridState.BOUNCED,
            "mail",
            ngettext("%d e-mail bounced.", "%d e-mails bounced.", counts.get(GridState.BOUNCED, 0)),
        ),
        (
            GridState.EXPIRED,
            "clock",
            ngettext("%d key has expired unused.", "%d keys have expired unused.", counts.get(GridState.EXPIRED, 0)),
        ),
        (
            GridState.NO_KEY,
            "key",
            _without_key(request, counts.get(GridState.NO_KEY, 0)),
        ),
    )
    address = f"console:{scheme_of(request.tenant).namespace}:list"
    return [
        ToDo(icon, text % counts[state], address_of(request, address, f"?state={state.value}"), _("Show them"))
        for state, icon, text in lines
        if counts.get(state)
    ]


def _without_key(request: TenantRequest, n: int) -> str:
    """Who could have a key and has none, under the key system in force."""
    if scheme_of(request.tenant).is_own_addressee:
        return ngettext("%d contact has students but no key.", "%d contacts have students but no key.", n)
    if scheme_of(request.tenant).system == KeySystem.FAMILY:
        return ngettext("%d household has an adult without a key.", "%d households have an adult without a key.", n)
    return ngettext("%d student has an adult without a key.", "%d students have an adult without a key.", n)


def _notices(request: TenantRequest) -> list[ToDo]:
    """Open notices of the member's own area, oldest first. A member for some schools sees none: a notice isn't cut to one."""
    shown = [notice for notice in open_notices(tenant=request.tenant) if may_close(request, notice)]
    names = names_of_subjects(request.tenant, [(kind, id_) for notice in shown for kind, id_ in notice.subjects])
    return [
        ToDo(
            "flag",
            _notice_words(notice, names),
            *_notice_address(request, notice),
            at=notice.raised_at,
            notice_id=notice.pk,
        )
        for notice in shown
    ]


def may_close(request: TenantRequest, notice: OfficeNotice) -> bool:
    """Is the notice of this member's area, for all schools?"""
    area = NOTICE_AREAS.get(notice.kind.partition(".")[0], Right.SETTINGS_EDIT)
    return request.rights.get(area, set()) is None


def _notice_words(notice: OfficeNotice, names: dict[tuple[str, int], str]) -> str:
    words = {
        "key.guesses": _("Somebody is guessing keys. The guesses are slowed; no key was found."),
        "key.locked": _("A key was locked after too many wrong tries."),
        "key.many_locks": _("Many keys were locked within an hour. Somebody may be locking them on purpose."),
        "key.disclaimed": _("Somebody entered a key and said: these are not my children. The key is locked."),
        "child.disclaimed": _("A connected family said: this is not my child. They no longer see the child."),
        "child.missing": _("A family was connected and says that a child is missing."),
        "account.two_people": _("One account acts for two people."),
        "restriction.unclear": _(
            "A roster brought a restriction that is not clear. It counts as no access until you look."
        ),
    }
    about = ", ".join(filter(None, (names.get((kind, id_)) for kind, id_ in notice.subjects)))
    text = str(words.get(notice.kind, notice.kind.replace(".", ": ").replace("_", " ")))
    return f"{text} ({about})" if about else text


def _notice_address(request: TenantRequest, notice: OfficeNotice) -> tuple[str, str]:
    """The first thing of the notice that has a page."""
    for kind, id_ in notice.subjects:
        if kind in {"student", "contact"} and Right.ENROLMENTS_READ in request.rights:
            name = "console:enrolments:student_contacts" if kind == "student" else "console:enrolments:contact"
            return reverse(name, args=[request.tenant.code, id_]), _("Open")
    return "", ""
