"""Households by the source's household_id, and who is in them; only the native format has any (``rostering.md`` §8)."""

from schoolgate.enrolments.merge.before import keep_before
from schoolgate.enrolments.merge.sql import Import, run

_ADDRESS = ("address_1", "address_2", "town", "region", "postcode", "country")


def write_households(import_: Import) -> None:
    """Change the addresses that differ, add the new households."""
    match = "t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.source_id = s.sid"
    sets = ", ".join(f"{name} = s.{name}" for name in _ADDRESS)
    differs = " OR ".join(f"s.{name} <> t.{name}" for name in _ADDRESS)
    # Where no contact of the file states an address, nothing is said.
    stated = " OR ".join(f"s.{name} <> ''" for name in _ADDRESS)
    changed = f"{match} AND s.keep AND ({differs}) AND ({stated}) AND t.changed_how <> 'hand'"
    keep_before("enrolments_household", "t", "stage_household s", changed, import_)
    run(
        f"""UPDATE enrolments_household AS t
            SET {sets}, changed_no = %(no)s, changed_at = %(at)s, changed_how = 'import', changed_by_id = %(by)s
            FROM stage_household s WHERE {changed}""",
        import_.parameters,
    )
    names = ", ".join(_ADDRESS)
    values = ", ".join(f"s.{name}" for name in _ADDRESS)
    run(
        f"""INSERT INTO enrolments_household
                (tenant_id, source, source_id, name, {names}, changed_no, changed_at, changed_how, changed_by_id)
            SELECT %(tenant)s, %(source)s, s.sid, '', {values}, %(no)s, %(at)s, 'import', %(by)s
            FROM stage_household s LEFT JOIN enrolments_household t ON {match}
            WHERE s.keep AND t.id IS NULL""",
        import_.parameters,
    )


def write_members(import_: Import) -> None:
    """Each person of the file into the household it states, out of this source's others; the office's households stay."""
    for kind in ("student", "contact"):
        person = f"""stage_{kind} s JOIN enrolments_{kind} p
            ON p.tenant_id = %(tenant)s AND p.source = %(source)s AND p.source_id = s.sid"""
        house = """JOIN enrolments_household h
            ON h.tenant_id = %(tenant)s AND h.source = %(source)s AND h.source_id = s.home_sid"""
        # PostgreSQL asks this once and first: in the first import there is nobody to move, and nothing is joined.
        has_members = f"""EXISTS (SELECT 1 FROM enrolments_householdmember
            WHERE tenant_id = %(tenant)s AND {kind}_id IS NOT NULL)"""
        moved = f"""{has_members} AND s.keep AND s.home_sid IS NOT NULL AND m.{kind}_id = p.id AND m.ended_at IS NULL
            AND h.id = m.household_id AND h.source = %(source)s AND h.source_id <> s.home_sid"""
        keep_before("enrolments_householdmember", "m", f"{person}, enrolments_household h", moved, import_)
        run(
            f"""UPDATE enrolments_householdmember AS m SET ended_at = %(at)s, changed_no = %(no)s
                FROM {person}, enrolments_household h WHERE {moved}""",
            import_.parameters,
        )
        back = f"""{has_members} AND s.keep AND m.{kind}_id = p.id AND m.household_id = h.id
            AND m.ended_at IS NOT NULL"""
        keep_before("enrolments_householdmember", "m", f"{person} {house}", back, import_)
        run(
            f"""UPDATE enrolments_householdmember AS m SET ended_at = NULL, changed_no = %(no)s
                FROM {person} {house} WHERE {back}""",
            import_.parameters,
        )
        run(
            f"""INSERT INTO enrolments_householdmember (tenant_id, household_id, {kind}_id, changed_no)
                SELECT %(tenant)s, h.id, p.id, %(no)s FROM {person} {house}
                LEFT JOIN enrolments_householdmember m ON m.{kind}_id = p.id AND m.household_id = h.id
                WHERE s.keep AND m.id IS NULL""",
            import_.parameters,
        )
