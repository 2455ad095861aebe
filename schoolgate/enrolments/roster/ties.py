"""What a tie means where the file leaves it open (``rostering.md`` §8, R-PA-07); pure."""

from schoolgate.enrolments.roster.rows import AssociationRow

PARENTAL = frozenset(["mother", "father", "parent", "guardian", "carer"])


def opens_by_rule(row: AssociationRow) -> bool:
    """The shipped rule for a blank *receives portal access*: legal guardians and parents see their child.

    Somebody who is an emergency contact only is neither, and stays out. That the contact is of type PARENT is for the
    caller to see.
    """
    return row.legal_guardian is True or row.relationship.casefold() in PARENTAL
