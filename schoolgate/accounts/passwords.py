"""What a family's password must be (R-RD-14): 12 characters, none of the ones that everybody tries; no composition rules."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from schoolgate.accounts.errors import PasswordRefused
from schoolgate.tenancy.models import User


def require_good_password(password: str, *, account: User) -> None:
    """Raises PasswordRefused, whose message says what to do."""
    try:
        validate_password(password, account)
    except ValidationError as faults:
        words = {
            "password_too_short": _("Use at least 12 characters."),
            "password_too_common": _("Many people use this password. Choose another."),
            "password_too_similar": _("This password is too much like your name or address. Choose another."),
        }
        said = [words.get(str(fault.code), " ".join(fault.messages)) for fault in faults.error_list]
        raise PasswordRefused(" ".join(said)) from faults
