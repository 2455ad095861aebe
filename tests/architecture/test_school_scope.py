"""Who is at a school is said in tenancy/at_schools.py alone: a student may be at two (R-RK-10, R-RK-11; decision 24).

A filter or a comparison by a school that is meant otherwise (an import's, the main school's) says so in a comment on its line or
the line above: ``# one school: why``.
"""

import ast
import re

from tests.architecture.tree import DOMAIN, FACES, Source, sources

CHOOSE_ROWS = {"filter", "exclude", "get", "Q"}
BY_SCHOOL = re.compile(r"(^|__)(second_)?school(_id)?(__in|__number|__pk)?$")


def by_one_school(source: Source) -> list[int]:
    """The lines of a file that choose rows, or tell a row, by its one school."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            lines = [key.value.lineno for key in node.keywords if key.arg and BY_SCHOOL.search(key.arg)]
            found += lines if name in CHOOSE_ROWS else []
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            found += [node.lineno] if getattr(node.left, "attr", "") == "school_id" else []
    return [
        line
        for line in sorted(found)
        if not any("# one school: " in said for said in source.lines[max(0, line - 2) : line])
    ]


def test_who_is_at_a_school_is_said_in_one_place():
    found = [f"{each.name}:{line}" for each in sources(*DOMAIN, *FACES, "cli") for line in by_one_school(each)]
    assert not found, "Use .at_schools(…) or .is_at(…), or say `# one school: why`:\n" + "\n".join(found)


def test_a_filter_by_one_school_is_found(tmp_path):
    sample = Source(tmp_path / "sample.py")
    sample.path.write_text(
        "students.filter(school_id__in=schools)\n"
        "pairs.exclude(Q(student__school=school))\n"
        "student.school_id in schools\n"
        "students.at_schools(schools)\n"
        "# one school: the import's own\n"
        "imports.filter(school_id__in=schools)\n"
    )
    assert by_one_school(sample) == [1, 2, 3]
