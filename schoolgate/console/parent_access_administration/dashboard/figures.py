"""The dashboard's numbers: one statement for parents and one for students' own keys, at most five seconds old."""

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256

from django.core.cache import cache

from schoolgate.console.parent_access_administration.dashboard.reach import Reach, rows_framed
from schoolgate.console.parent_access_administration.dashboard.stages import COVERAGE_OF, Stage
from schoolgate.directory.feed import feed_end
from schoolgate.keys.subjects import parent_kind

MAY_BE_OLD_SECONDS = 5


@dataclass(frozen=True)
class Figures:
    """How many there are of each.

    students: by (school's id, year level, coverage). parents: by (language, stage), each once; languages in small letters.
    at_schools: parents by (school's id, stage); one with children at two schools counts at both.
    own: students by (school's id, year level, stage of the key for their own use).
    """

    students: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    parents: Counter[tuple[str, Stage]] = field(default_factory=Counter)
    at_schools: Counter[tuple[int, Stage]] = field(default_factory=Counter)
    own: Counter[tuple[int, str, Stage]] = field(default_factory=Counter)

    @property
    def at_several_schools(self) -> int:
        """How often the schools' numbers count a parent beyond the first time."""
        return self.at_schools.total() - self.parents.total()


def figures_of(reach: Reach) -> Figures:
    """Query: the numbers for one member's reach; those of a few seconds ago, unless the office acted or a Data Sync ran since."""
    schools = sorted(reach.schools) if reach.schools is not None else None
    kind = parent_kind(reach.tenant)
    asked = repr((reach.tenant.pk, schools, kind, reach.today, reach.act_seq, feed_end(tenant=reach.tenant)))
    key = f"dashboard:{sha256(asked.encode()).hexdigest()}"
    found: Figures | None = cache.get(key)
    if found is None:
        found = replace(count_figures(reach), own=count_own(reach))
        cache.set(key, found, MAY_BE_OLD_SECONDS)
    return found


def count_figures(reach: Reach) -> Figures:
    """Query: the same, counted now, but for students' own keys. One statement for the whole district."""
    rows = rows_framed(
        reach,
        f"""SELECT 1, s.school_id, s.year_level, COALESCE(best.stage, {int(Stage.NOBODY)}), COUNT(*)
                FROM students s LEFT JOIN best ON best.student_id = s.id GROUP BY 2, 3, 4
            UNION ALL SELECT 2, NULL, language, stage, COUNT(*)
                FROM (SELECT DISTINCT subject_id, addressee_id, language, stage FROM opened) once GROUP BY 3, 4
            UNION ALL SELECT 3, school_id, NULL, stage, COUNT(*)
                FROM (SELECT DISTINCT school_id, subject_id, addressee_id, stage FROM opened) once GROUP BY 2, 4""",
    )
    found = Figures()
    for which, school_id, word, stage, count in rows:
        if which == 1:
            found.students[school_id, word, COVERAGE_OF[Stage(stage)].name] += count
        elif which == 2:
            found.parents[word, Stage(stage)] += count
        else:
            found.at_schools[school_id, Stage(stage)] += count
    return found


def count_own(reach: Reach) -> Counter[tuple[int, str, Stage]]:
    """Query: how far the active students have come with the keys for their own use, counted now. One statement."""
    rows = rows_framed(
        reach,
        f"""SELECT s.school_id, s.year_level, COALESCE(own.stage, {int(Stage.NEVER)}), COUNT(*)
            FROM students s LEFT JOIN own ON own.student_id = s.id GROUP BY 1, 2, 3""",
        own=True,
    )
    return Counter({(school_id, year, Stage(stage)): count for school_id, year, stage, count in rows})
