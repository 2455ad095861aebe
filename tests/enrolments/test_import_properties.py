"""Whatever two files say, one after the other: the second is the truth, the preview told it, and nothing else moved."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolgate.enrolments.models import Association, Contact, Student
from tests.enrolments.test_import_roster import take
from tests.factories.rosters import native
from tests.factories.tenancy import make_tenant

pytestmark = pytest.mark.django_db

_people = st.dictionaries(st.integers(0, 7), st.sampled_from(["Okafor", "Vale", "Nguyễn"]), min_size=1, max_size=6)


@st.composite
def rosters(draw):
    """A whole upload: some students and contacts, ties among them."""
    students, contacts = draw(_people), draw(_people)
    pairs = draw(st.sets(st.tuples(st.sampled_from(sorted(students)), st.sampled_from(sorted(contacts))), max_size=8))
    words = draw(st.lists(st.sampled_from(["mother", "aunt"]), min_size=len(pairs), max_size=len(pairs)))
    states = draw(st.lists(st.sampled_from(["active", "inactive"]), min_size=len(students), max_size=len(students)))
    return native(
        [
            {"student_id": f"S{n}", "family_name": name, "given_name": f"N{n}", "enrolment_status": state}
            for (n, name), state in zip(sorted(students.items()), states, strict=True)
        ],
        [
            {"contact_id": f"C{n}", "family_name": name, "email": f"c{n}@home.example"}
            for n, name in sorted(contacts.items())
        ],
        [
            {"student_id": f"S{s}", "contact_id": f"C{c}", "relationship": word}
            for (s, c), word in zip(sorted(pairs), words, strict=True)
        ],
    )


def world(tenant):
    """Everybody and everything that stands, by the source's ids."""
    students = Student.objects.for_tenant(tenant).filter(state="active")
    contacts = Contact.objects.for_tenant(tenant).filter(state="active")
    ties = Association.objects.for_tenant(tenant).standing()
    return (
        set(students.values_list("source_id", "family_name")),
        set(contacts.values_list("source_id", "family_name")),
        set(ties.values_list("student__source_id", "contact__source_id", "relationship", "receives_portal_access")),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rosters(), rosters())
def test_the_second_file_is_the_truth(first, second):
    tenant, fresh = make_tenant(), make_tenant()
    take(tenant, first)
    before = world(tenant)
    told = take(tenant, second, dry_run=True)
    assert world(tenant) == before
    done = take(tenant, second)
    take(fresh, second)
    after = world(tenant)
    assert after == world(fresh)
    assert (told.students, told.contacts, told.associations) == (done.students, done.contacts, done.associations)
    assert tuple(map(len, after)) == (done.students.total, done.contacts.total, done.associations.total)
    assert len(after[2] - before[2]) <= done.associations.added + done.associations.changed
    assert take(tenant, second).is_nothing
