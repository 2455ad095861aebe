"""What a family's password must be (R-RD-14): 12 characters, none of the ones that everybody tries; no composition rules."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from schoolgate.accounts.errors import PasswordRefused
from schoolgate.tenancy.models import User


def require_good_password(password: str, *, account: User) -> None:
    """Raises PasswordRefused with every fault."""
    try:
        validate_password(password, account)
    except ValidationError as faults:
        raise PasswordRefused(" ".join(faults.messages)) from faults
