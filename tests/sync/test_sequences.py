"""Generated sequences of everything that people, imports and clocks do, beside a model that fits on a page.

R-RX-01: no pair is visible while a restriction between the two is in force. R-RX-04: nothing opens by itself. R-CK-04, B-02:
pending marks say what the next sync does. Feed: a reader with a cursor ends up with what is published.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from schoolgate.directory.feed import changes_after
from schoolgate.directory.queries import visible_students
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.lift_restriction import lift_restriction, review_restriction
from schoolgate.enrolments.models import Association, Contact, Restriction, Student
from schoolgate.enrolments.save_restriction import RestrictionTerms
from schoolgate.enrolments.set_access import set_access
from schoolgate.sync.explain import explain
from schoolgate.sync.kinds import KINDS
from schoolgate.sync.pending import pending_by_contact
from schoolgate.sync.publish import Approval, Ending, publish_changes
from schoolgate.sync.restrict import restrict_contact, withdraw_now, withdraw_restricted
from schoolgate.sync.undo import NotUndone, undo_run, undoable_run
from tests.factories.enrolments import make_association, make_contact, make_restriction, make_student
from tests.factories.tenancy import NOW, actor, make_school, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 2
pairs = st.integers(0, PEOPLE * PEOPLE - 1)
days = st.integers(-3, 3)


class Office(RuleBasedStateMachine):
    """Two students, two contacts, each with each. `at` is the moment it is; days go by as a rule of their own."""

    @initialize()
    def open(self) -> None:
        self.tenant = make_tenant()
        self.at = NOW
        school = make_school(self.tenant)
        students = [make_student(self.tenant, school=school) for _ in range(PEOPLE)]
        contacts = [make_contact(self.tenant) for _ in range(PEOPLE)]
        self.pairs = [make_association(s, c, access=True) for s in students for c in contacts]
        self.cursor = 0
        self.replica: dict[str, set[int]] = {kind.name: set() for kind in KINDS}
        self.closed_since: set[int] = set()  # Withdrawn or restricted since the last published run.
        self.publish_all()
        self.was_visible = self.visible()
        self.may_open = False

    # What people do.

    @rule(pair=pairs, on=st.booleans())
    def turn(self, pair: int, on: bool) -> None:
        try:
            set_access(tenant=self.tenant, wanted={self.pairs[pair].pk: on}, by=actor(), at=self.at)
        except EnrolmentRefused:
            assert on or self.row(pair).ended_at is not None

    @rule(pair=pairs, starts=days, lasts=st.one_of(st.none(), st.integers(0, 3)))
    def restrict(self, pair: int, starts: int, lasts: int | None) -> None:
        starts_on = self.today + timedelta(days=starts)
        ends_on = None if lasts is None else starts_on + timedelta(days=lasts)
        restrict_contact(
            tenant=self.tenant,
            student_ids=[self.pairs[pair].student_id],
            contact_id=self.pairs[pair].contact_id,
            terms=RestrictionTerms(starts_on=starts_on, ends_on=ends_on),
            reason="Order",
            by=actor(),
            at=self.at,
        )
        if starts <= 0:
            self.closed_since.add(self.pairs[pair].pk)

    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        self.close(data, lambda row: lift_restriction(restriction=row, reason="x", by=actor(), at=self.at))

    @rule(data=st.data())
    def review(self, data: st.DataObject) -> None:
        self.close(data, lambda row: review_restriction(restriction=row, by=actor(), at=self.at))

    @rule(pair=pairs)
    def remove_now(self, pair: int) -> None:
        withdraw_now(tenant=self.tenant, association_ids=[self.pairs[pair].pk], reason="Asked", by=actor(), at=self.at)

    @rule(data=st.data(), approve=st.booleans())
    def sync(self, data: st.DataObject, approve: bool) -> None:
        left_out = data.draw(st.lists(st.sampled_from(self.everything()), max_size=3, unique=True))
        self.may_open = True
        approval = Approval("Yes") if approve else None
        outcome = publish_changes(tenant=self.tenant, by=actor(), at=self.at, leave_out=left_out, approval=approval)
        if outcome.ending is Ending.APPLIED:
            self.closed_since.clear()

    @rule()
    def sync_all(self) -> None:
        """Beside the model: what is visible afterwards, what the marks had promised, and that nothing is left to do."""
        contact_ids = {row.contact_id for row in self.pairs}
        by_contact = pending_by_contact(tenant=self.tenant, contact_ids=contact_ids, today=self.today)
        promised = [link for links in by_contact.values() for link in links]
        before = self.visible()
        self.may_open = True
        self.publish_all()
        after = self.visible()
        assert after == self.wanted()
        assert {link.association_id for link in promised if link.opens} == after - before
        assert {link.association_id for link in promised if not link.opens} == before - after
        assert self.publish_all() is Ending.NOTHING

    @precondition(lambda self: undoable_run(tenant=self.tenant) is not None)
    @rule()
    def undo(self) -> None:
        run = undoable_run(tenant=self.tenant)
        self.may_open = True
        try:
            undo_run(tenant=self.tenant, number=run.number, reason="Mistake", by=actor(), at=self.at)
        except NotUndone:
            raise AssertionError("undoable_run named it") from None
        assert not self.visible() & self.closed_since

    # What imports do.

    @rule(pair=pairs, on=st.booleans())
    def import_flag(self, pair: int, on: bool) -> None:
        """However wrong: against restrictions, too."""
        rows = Association.objects.filter(pk=self.pairs[pair].pk, ended_at=None)
        rows.update(receives_portal_access=on, flag_how="import", changed_no=tick(tenant=self.tenant))

    @rule(pair=pairs, ends=st.booleans())
    def import_tie(self, pair: int, ends: bool) -> None:
        columns = {"ended_at": self.at, "receives_portal_access": False} if ends else {"ended_at": None}
        rows = Association.objects.filter(pk=self.pairs[pair].pk)
        rows.update(**columns, changed_no=tick(tenant=self.tenant))

    @rule(model=st.sampled_from([Student, Contact]), person=st.integers(0, PEOPLE - 1), active=st.booleans())
    def import_state(self, model: type, person: int, active: bool) -> None:
        ids = sorted({row.student_id if model is Student else row.contact_id for row in self.pairs})
        state = "active" if active else "inactive"
        model.objects.filter(pk=ids[person]).update(state=state, changed_no=tick(tenant=self.tenant))

    @rule(pair=pairs, starts=days)
    def import_restriction(self, pair: int, starts: int) -> None:
        """Whoever applies an import makes its restrictions take effect at once."""
        row = self.pairs[pair]
        make_restriction(row.student, row.contact, starts_on=self.today + timedelta(days=starts), recorded_how="import")
        withdraw_restricted(tenant=self.tenant, by=actor(), at=self.at)

    @rule(days=st.integers(1, 4))
    def days_go_by(self, days: int) -> None:
        self.at += timedelta(days=days)

    # What must always be so.

    @invariant()
    def nobody_sees_against_a_restriction(self) -> None:
        visible = self.visible()
        for row in self.pairs:
            if row.pk in visible:
                assert not self.closing(row), f"{row} is visible on {self.today}"

    @invariant()
    def nothing_opens_by_itself(self) -> None:
        visible = self.visible()
        assert self.may_open or visible <= self.was_visible
        self.was_visible, self.may_open = visible, False

    @invariant()
    def explain_says_the_same(self) -> None:
        visible = self.visible()
        for row in self.pairs[:: PEOPLE + 1]:
            found = explain(
                tenant=self.tenant,
                contact_id=row.contact_id,
                student_id=row.student_id,
                today=self.today,
                with_restrictions=True,
            )
            assert found.sees == (row.pk in visible)

    @invariant()
    def a_reader_of_the_feed_has_what_is_published(self) -> None:
        for change in changes_after(tenant=self.tenant, seq=self.cursor):
            assert change.seq == self.cursor + 1
            self.cursor = change.seq
            ids = self.replica[change.kind]
            if change.op == "added":
                assert change.object_id not in ids
                ids.add(change.object_id)
            else:
                assert change.object_id in ids
                assert change.before["id"] == change.object_id
                if change.op == "removed":
                    ids.remove(change.object_id)
        for kind in KINDS:
            published = set(kind.published_rows(self.tenant).values_list("pk", flat=True))
            assert published == self.replica[kind.name]

    # The model.

    @property
    def today(self):
        return self.at.date()

    def row(self, pair: int) -> Association:
        return Association.objects.get(pk=self.pairs[pair].pk)

    def everything(self) -> list[tuple[str, int]]:
        found = [("association", row.pk) for row in self.pairs]
        found += [("student", row.student_id) for row in self.pairs[::PEOPLE]]
        found += [("contact", row.contact_id) for row in self.pairs[:PEOPLE]]
        found += [("bar", pk) for pk in Restriction.objects.filter(tenant=self.tenant).values_list("pk", flat=True)]
        return found

    def close(self, data, act) -> None:
        rows = list(Restriction.objects.filter(tenant=self.tenant).order_by("pk"))
        if rows:
            with suppress(EnrolmentRefused):
                act(data.draw(st.sampled_from(rows)))

    def publish_all(self) -> Ending:
        ending = publish_changes(tenant=self.tenant, by=actor(), at=self.at, approval=Approval("Yes")).ending
        if ending is Ending.APPLIED:
            self.closed_since.clear()
        return ending

    def visible(self) -> set[int]:
        found = set()
        for contact_id in {row.contact_id for row in self.pairs}:
            seen = visible_students(tenant=self.tenant, contact_ids=[contact_id], today=self.today)
            seen_ids = {student.pk for student in seen}
            found |= {row.pk for row in self.pairs if row.contact_id == contact_id and row.student_id in seen_ids}
        return found

    def closing(self, row: Association) -> bool:
        """Begun, and nobody has lifted or reviewed it."""
        orders = Restriction.objects.filter(student_id=row.student_id, contact_id=row.contact_id)
        return any(
            order.starts_on <= self.today and order.lifted_at is None and order.reviewed_at is None for order in orders
        )

    def wanted(self) -> set[int]:
        found = set()
        for row in Association.objects.filter(tenant=self.tenant).select_related("student", "contact"):
            active = row.student.state == row.contact.state == "active"
            if row.receives_portal_access and row.ended_at is None and active and not self.closing(row):
                found.add(row.pk)
        return found


def test_generated_sequences_of_all_acts_keep_every_promise():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Office,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=checks, print_blob=True
        ),
    )
