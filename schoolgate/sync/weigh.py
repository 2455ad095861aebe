"""Count what ``sync_diff`` holds: the figures of preview, dry run, guard and run alike."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.enrolments.models import ImportState, Restriction, RosterImport
from schoolgate.sync.diff import Span, run
from schoolgate.sync.models import SyncRun
from schoolgate.sync.thresholds import (
    LINKS_AT_LEAST,
    LINKS_AT_MOST,
    LINKS_SHARE,
    PEOPLE_SHARE,
    RESTRICTION_ENDED_DAYS,
    Figures,
)
from schoolgate.tenancy.models import School


@dataclass(frozen=True)
class Tally:
    """Rows of one kind by what happens to them. leaving: of those changed, who becomes inactive."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    leaving: int = 0


@dataclass(frozen=True)
class Counts:
    """What a sync does. by_kind: rows of the directory. left_out: rows that stay pending; they count nowhere else.

    adults_gaining, adults_losing: contacts who see a student more, or less, than before.
    """

    by_kind: dict[str, Tally]
    links_added: int = 0
    links_removed: int = 0
    adults_gaining: int = 0
    adults_losing: int = 0
    left_out: int = 0

    def of(self, kind: str) -> Tally:
        return self.by_kind.get(kind, Tally())

    @property
    def total(self) -> int:
        """Rows that would be written: the n of "Publish n changes"."""
        return sum(tally.added + tally.changed + tally.removed for tally in self.by_kind.values())

    def as_json(self) -> dict[str, Any]:
        """What the command prints, and what a run keeps."""
        students, contacts = self.of("student"), self.of("contact")
        return {
            "students": {"added": students.added, "changed": students.changed, "removed": students.removed},
            "contacts": {"added": contacts.added, "changed": contacts.changed, "removed": contacts.removed},
            "links": {"added": self.links_added, "removed": self.links_removed},
        }


def count_changes() -> Counts:
    """Query: over the whole of ``sync_diff``, in three statements."""
    tallies: dict[str, dict[str, int]] = {}
    left_out = 0
    for kind, op, waits, rows, leaving in run(
        """SELECT kind, op, left_out, count(*), sum(CASE WHEN active_before AND NOT active_after THEN 1 ELSE 0 END)
        FROM sync_diff GROUP BY kind, op, left_out"""
    ):
        if waits:
            left_out += rows
        else:
            tally = tallies.setdefault(kind, {})
            tally[op] = rows
            tally["leaving"] = tally.get("leaving", 0) + int(leaving)
    [(added, removed)] = run(
        """SELECT sum(CASE WHEN link_after AND NOT link_before THEN 1 ELSE 0 END),
            sum(CASE WHEN link_before AND NOT link_after THEN 1 ELSE 0 END)
        FROM sync_diff WHERE kind = 'association' AND NOT left_out"""
    )
    [(gaining, losing)] = run(
        """SELECT count(DISTINCT CASE WHEN link_after AND NOT link_before THEN contact_id END),
            count(DISTINCT CASE WHEN link_before AND NOT link_after THEN contact_id END)
        FROM sync_diff WHERE kind = 'association' AND NOT left_out"""
    )
    return Counts(
        by_kind={kind: Tally(**tally) for kind, tally in tallies.items()},
        links_added=int(added or 0),
        links_removed=int(removed or 0),
        adults_gaining=gaining,
        adults_losing=losing,
        left_out=left_out,
    )


def figures_of(span: Span, counts: Counts, *, at: datetime) -> Figures:
    """Query: what the guard weighs. Totals are counted only as far as the rules look, so that the cost follows the change."""
    removed = counts.links_removed
    links = 0
    if LINKS_AT_LEAST <= removed <= LINKS_AT_MOST:
        enough = int(removed / LINKS_SHARE) + 1
        links = DirectoryAssociation.objects.for_tenant(span.tenant).links(today=span.today)[:enough].count()
    students_leaving, contacts_leaving = counts.of("student").leaving, counts.of("contact").leaving
    return Figures(
        links=links,
        links_removed=removed,
        schools_emptied=_schools_emptied(span) if removed else (),
        students=DirectoryStudent.objects.for_tenant(span.tenant)
        .filter(is_active=True)[: int(students_leaving / PEOPLE_SHARE) + 1]
        .count(),
        students_leaving=students_leaving,
        contacts=DirectoryContact.objects.for_tenant(span.tenant)
        .filter(is_active=True)[: int(contacts_leaving / PEOPLE_SHARE) + 1]
        .count(),
        contacts_leaving=contacts_leaving,
        reopened=_reopened(span, at=at) if counts.links_added else 0,
        rows_left_out=_rows_left_out(span),
    )


def _schools_emptied(span: Span) -> tuple[int, ...]:
    """Numbers of the schools that lose links, gain none and keep none."""
    losing = [
        id_
        for (id_,) in run(
            """SELECT school_id FROM sync_diff WHERE kind = 'association' AND NOT left_out GROUP BY school_id
            HAVING sum(CASE WHEN link_before AND NOT link_after THEN 1 ELSE 0 END) > 0
                AND sum(CASE WHEN link_after THEN 1 ELSE 0 END) = 0"""
        )
    ]
    going = RawSQL("SELECT object_id FROM sync_diff WHERE kind = 'association' AND NOT left_out AND NOT link_after", [])
    links = DirectoryAssociation.objects.for_tenant(span.tenant).links(today=span.today)
    # one school: as the rows above are counted
    kept = links.filter(student__school=OuterRef("pk")).exclude(pk__in=going)
    schools = School.objects.for_tenant(span.tenant).filter(~Exists(kept), pk__in=losing)
    return tuple(schools.order_by("number").values_list("number", flat=True))


def _reopened(span: Span, *, at: datetime) -> int:
    """Added links whose pair had a restriction that ended, or was lifted, in the last 30 days."""
    lately = timedelta(days=RESTRICTION_ENDED_DAYS)
    table = Restriction._meta.db_table
    [(found,)] = run(
        f"""SELECT count(*) FROM sync_diff s WHERE s.kind = 'association' AND NOT s.left_out AND s.link_after
            AND NOT s.link_before AND EXISTS (SELECT 1 FROM {table} r WHERE r.student_id = s.student_id
                AND r.contact_id = s.contact_id AND r.kind <> 'note_only'
                AND (r.lifted_at > %(lately_at)s OR (r.ends_on < %(today)s AND r.ends_on > %(lately_on)s)))""",
        {
            "today": span.today,
            "lately_on": span.today - lately,
            "lately_at": connection.ops.adapt_datetimefield_value(at - lately),
        },
    )
    return int(found)


def _rows_left_out(span: Span) -> int:
    """Rows that imports applied since the last publishing run went without."""
    last = SyncRun.objects.for_tenant(span.tenant).filter(kind="publish", state="applied").order_by("-number").first()
    imports = RosterImport.objects.for_tenant(span.tenant).filter(state=ImportState.APPLIED)
    if last is not None and last.applied_at is not None:
        imports = imports.filter(applied_at__gt=last.applied_at)
    return sum(int(counts.get("left_out", 0)) for counts in imports.values_list("counts", flat=True))
