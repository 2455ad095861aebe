"""What a person says about an upload, checked, and remembered for the next of its source (``rostering.md`` §9)."""

from dataclasses import dataclass, replace
from typing import Any

from schoolgate.enrolments.edit import OFFICE
from schoolgate.enrolments.errors import ImportRefused
from schoolgate.enrolments.import_queries import last_applied
from schoolgate.enrolments.roster.registry import FORMATS
from schoolgate.enrolments.roster.rows import DateOrder
from schoolgate.tenancy.models import School, Tenant

DEFAULT_SOURCE = "sis"


@dataclass(frozen=True)
class ImportOptions:
    """What a person says about an upload. source: whose ids these are. format: a name of the registry, empty to detect.

    school_number: import that school alone. leaves_out: apply without the rows that have errors, if they are few. accepts_warnings,
    approves: the person has seen warnings, or a hold; reason: why they approve.
    """

    source: str = DEFAULT_SOURCE
    format: str = ""
    school_number: int | None = None
    date_order: DateOrder | None = None
    repair: bool = False
    leaves_out: bool = False
    accepts_warnings: bool = False
    approves: bool = False
    reason: str = ""


def checked_options(*, tenant: Tenant, options: ImportOptions) -> ImportOptions:
    """The options, with the order of dates as it was said before for this source (§9: asked once, remembered).

    Raises ImportRefused for a source or a format that can't be.
    """
    if not options.source or len(options.source) > 40 or options.source == OFFICE:
        raise ImportRefused(
            "A source is a short name for the system that gives the ids; “office” is what is added by hand.",
            fix="Name the system in at most 40 characters, such as sis; the same each time.",
            code="import.source",
            field="source",
        )
    if options.format and options.format not in FORMATS:
        raise ImportRefused(
            f"There is no format {options.format!r}.", fix="Name one of: " + ", ".join(FORMATS), code="import.format"
        )
    last = last_applied(tenant=tenant, source=options.source)
    said = last.options.get("date_order") if last and options.date_order is None else None
    return replace(options, date_order=DateOrder(said)) if said else options


def said_of_files(options: ImportOptions) -> dict[str, Any]:
    """The options that belong to the files, as an import keeps them."""
    return {
        "format": options.format,
        "school_number": options.school_number,
        "date_order": options.date_order.value if options.date_order else None,
        "repair": options.repair,
        "leaves_out": options.leaves_out,
    }


def school_of_number(*, tenant: Tenant, number: int | None) -> School | None:
    """Query: the school an import was limited to, for its record."""
    return None if number is None else School.objects.for_tenant(tenant).filter(number=number).first()
