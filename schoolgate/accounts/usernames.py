"""What a student may be called at the door (R-SU-05)."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils.translation import gettext as _

from schoolgate.directory.models import DirectoryContact
from schoolgate.keys.facts import PARENT
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.usernames import fold

SHORTEST, LONGEST = 6, 50


def why_not_username(username: str, *, student_no: str) -> str:
    """What is wrong with this name, as a sentence, or ""; pure. Whether somebody has it already is not asked here.

    An e-mail address, or 6 to 50 letters and digits of any script; never the Student Id, which others know.
    """
    if fold(username) == fold(student_no):
        return _("Your student number can't be your username: others know it. Choose another.")
    if "@" in username:
        return "" if is_email(username) else _("Enter an e-mail address like name@example.com, or a name without @.")
    if not SHORTEST <= len(username) <= LONGEST or not all(map(_is_letter_or_digit, username)):
        return _("Use 6 to 50 letters and numbers, with no spaces or signs, or an e-mail address.")
    return ""


def is_email(text: str) -> bool:
    """Whether this may be an address; pure."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def is_address_taken(address: str, *, tenant: Tenant, account_id: int = 0) -> bool:
    """Query: has another account this address, as its name or its proved address? Nobody is told whose it is (R-SU-03)."""
    others = User.objects.for_tenant(tenant).accounts().exclude(pk=account_id)
    taken: bool = others.filter(Q(username_folded=fold(address)) | Q(email__iexact=address)).exists()
    return taken


def is_on_file(address: str, *, tenant: Tenant) -> bool:
    """Query: is this a parent's published address? Their own account will have it as its name, whether there is one yet or not."""
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(type=PARENT)
    return contacts.filter(email__iexact=address.strip()).exclude(email="").exists()


def _is_letter_or_digit(sign: str) -> bool:
    """Marks are parts of letters in many scripts."""
    return unicodedata.category(sign) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"}
