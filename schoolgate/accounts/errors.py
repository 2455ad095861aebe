"""What a family may be told at the door of its account. One sentence for every cause that a stranger could probe."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from schoolgate.keys.errors import KeyProved, NothingCompared
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


class PortalClosed(NothingCompared):
    """The school has not opened its portal, or has closed it (R-ST-09)."""

    code = "portal.closed"
    status = 403

    def __init__(self, opens_on: date | None) -> None:
        self.opens_on = opens_on
        super().__init__(_("The family portal is closed at the moment."))


class SignUpClosed(SchoolgateError):
    """The district has turned sign-up off, for parents or for students (registration-keys §9): no account is made, no key used."""

    code = "portal.sign_up_closed"
    status = 403

    def __init__(self, *, is_for_student: bool) -> None:
        said = (
            _("Students can't make accounts or use keys here at the moment.")
            if is_for_student
            else _("Parents and carers can't make accounts or use keys here at the moment.")
        )
        super().__init__(said, fix=_("Keep your key. If you have an account, you can sign in as ever."))


class SignUpClosedAtSchool(KeyProved):
    """The key is right, but sign-up is off at the schools whose students it opens (R-DI-02): it stays as it is."""

    code = "key.sign_up_closed"
    status = 403

    def __init__(self, *, is_for_student: bool) -> None:
        said = (
            _("Students of your school can't make accounts or use keys at the moment.")
            if is_for_student
            else _("Parents and carers of this school can't use keys at the moment.")
        )
        super().__init__(
            said, fix=_("Keep your key; it stays as it is. If you have an account, you can sign in as ever.")
        )


class ProofWanted(KeyProved):
    """The key is right, a date of birth is asked for it (R-RD-07, R-DI-02), and none was given: nothing was guessed."""

    code = "key.proof_wanted"

    def __init__(self) -> None:
        super().__init__(_("This key needs a date of birth as well."))


class RecoveryClosed(SchoolgateError):
    """The district has turned *Forgot password* off (registration-keys §9)."""

    code = "portal.recovery_closed"
    status = 403

    def __init__(self) -> None:
        super().__init__(_("A new password can't be asked for here."), fix=_("Ask the school office for one."))


class AccountCantRedeem(NothingCompared):
    """A sign-in that this key can't be added to: a student's account, or one of the office (R-RD-11, R-SU-06)."""

    code = "account.cant_redeem"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("This key can't be added to this sign-in. It stays as it is."),
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


class StudentNotReady(KeyProved):
    """A student's own key is right, but the school's record doesn't allow an account of their own now.

    why: as in keys/schemes.py: inactive, under_age, no_birth_date (G-17), tied.
    """

    code = "key.student_not_ready"
    status = 409

    def __init__(self, why: str) -> None:
        self.why = why
        said = {
            "no_birth_date": _("The school has no date of birth for you, so we can't check that it is you."),
            "under_age": _("You are too young for an account of your own at this school."),
            "tied": _("You have an account here already."),
        }.get(why, _("You can't have an account of your own here at the moment."))
        super().__init__(said, fix=_("Ask the school office; your key stays as it is."))


class AccountNotMade(KeyProved):
    """The key is right and stays as it is; what was typed for the account can't be. faults: {field: what to do}."""

    code = "account.not_made"
    status = 422

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__(" ".join(faults.values()))
