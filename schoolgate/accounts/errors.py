"""What a family may be told at the door of its account. One sentence for every cause that a stranger could probe."""

from datetime import date

from django.utils.translation import gettext as _

from schoolgate.keys.errors import KeyProved
from schoolgate.lib.errors import SchoolgateError


class CodeNotAccepted(SchoolgateError):
    """A wrong code, one that is too old, or one tried too often: the same sentence."""

    code = "account.code_not_accepted"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("This code was not accepted. Use the newest e-mail, or ask for a new code."))


class LinkNotAccepted(SchoolgateError):
    """A link that was used, is too old, or never was one."""

    code = "account.link_not_accepted"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("This link was used already, or is too old. Ask for a new one."))


class PasswordRefused(SchoolgateError):
    """message: every fault of the password, each a sentence."""

    code = "account.password_refused"
    status = 422


class TooManyTries(SchoolgateError):
    code = "account.too_many_tries"
    status = 429

    def __init__(self) -> None:
        super().__init__(_("There were too many tries from here. Wait an hour, or ask the school office."))


class PortalClosed(SchoolgateError):
    """The school has not opened its portal, or has closed it (R-ST-09)."""

    code = "portal.closed"
    status = 403

    def __init__(self, opens_on: date | None) -> None:
        self.opens_on = opens_on
        super().__init__(_("The family portal is closed at the moment."))


class AccountCantRedeem(SchoolgateError):
    """A student's account, or a sign-in of the office (R-RD-11)."""

    code = "account.cant_redeem"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("This key is for a parent or carer. It can't be added to this sign-in."),
            fix=_("Sign out, then use your own account."),
        )


class NobodyToSee(KeyProved):
    """The key is right, but no child is published for it, or none that this account may see (R-RD-07, R-RX-03)."""

    code = "key.nobody_to_see"
    status = 409

    def __init__(self) -> None:
        super().__init__(_("No child is connected to this key yet. Ask the school office; your key stays as it is."))


class KeyForOtherUse(KeyProved):
    """A student's own key at a parent's account, or the other way round: refused, and the key stays as it is (R-SU-01, R-SU-06)."""

    code = "key.other_use"

    def __init__(self, *, is_for_student: bool) -> None:
        said = (
            _("This key is for the student's own account, not for a parent or carer.")
            if is_for_student
            else _("This key is for a parent or carer, not for a student's own account.")
        )
        super().__init__(said)
