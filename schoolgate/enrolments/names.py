"""What people are sorted by. Whoever writes a person uses this; how names are folded is lib/names.py's."""

from schoolgate.lib.names import fold_name

__all__ = ["fold_name", "sort_name"]


def sort_name(*, family_name: str, given_name: str) -> str:
    """What sort_name holds: family name, then given name."""
    return fold_name(f"{family_name} {given_name}")
