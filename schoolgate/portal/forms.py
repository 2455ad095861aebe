"""What families type. Each fault is a sentence that says what to do."""

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schoolgate.lib.keycode import KeyCode, KeyLengthWrong, KeyMistyped, KeySymbolRefused, parse_key

_PASTED_LINK = re.compile(r"(?:https?://)?([^\s/]+)/s-([A-Za-z0-9]+)/key/?\S*#k=", re.IGNORECASE)


class KeyForm(forms.Form):
    """A key: typed, pasted with the letter's sentence around it, or as the letter's whole link. here: our own host and tenant code.

    is_for_student: a student's key comes on a slip, and no letter is spoken of. What fails here is told at once and costs no try (R-KY-03).
    """

    key = forms.CharField(
        label=_("Your key"),
        help_text=_("15 letters and numbers, in three groups of five. Capitals do not matter."),
        max_length=4000,
        widget=forms.TextInput(
            attrs={
                "class": "sg-keyin",
                "dir": "ltr",
                "lang": "en",
                "data-keyfield": True,
                "autocomplete": "off",
                "autocapitalize": "characters",
                "autocorrect": "off",
                "spellcheck": "false",
                "inputmode": "text",
                "maxlength": None,
            }
        ),
        error_messages={"required": _("Enter the key from your letter. It has 15 letters and numbers.")},
    )

    def __init__(self, *args: Any, here: tuple[str, str], is_for_student: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here = here
        self.is_for_student = is_for_student
        if is_for_student:
            self.fields["key"].error_messages["required"] = _("Enter your key. It has 15 letters and numbers.")

    def clean_key(self) -> KeyCode:
        typed = self.cleaned_data["key"]
        self._refuse_another_portal(typed)
        try:
            return parse_key(typed)
        except KeyMistyped as slip:
            raise ValidationError(self._words_for(slip), code=slip.code) from slip

    def _words_for(self, slip: KeyMistyped) -> str:
        if isinstance(slip, KeySymbolRefused):
            words = gettext("Keys never use %(symbol)s. Look again at symbol %(position)d.")
            return words % {"symbol": slip.symbol, "position": slip.position}
        if isinstance(slip, KeyLengthWrong):
            return gettext("The key has 15 letters and numbers. You entered %(typed)d.") % {"typed": slip.typed}
        return {
            "key.missing": str(self.fields["key"].error_messages["required"]),
            "key.several": gettext("Paste only the key."),
        }.get(slip.code, gettext("Something in this key is mistyped"))

    def _refuse_another_portal(self, typed: str) -> None:
        link = _PASTED_LINK.search(typed)
        if link is None:
            return
        host, code = link.group(1), link.group(2)
        own_host, own_code = self.here
        if host.casefold() != own_host.casefold() or code.casefold() != own_code.casefold():
            shown = urlsplit(f"//{host}").hostname or host
            words = (
                gettext("This code belongs to another portal (%(host)s). Open the link beside your own key.")
                if self.is_for_student
                else gettext("This code belongs to another portal (%(host)s). Open the link in your own letter.")
            )
            raise ValidationError(words % {"host": f"{shown}/s-{code}"}, code="key.elsewhere")

    @property
    def was_tidied(self) -> bool:
        """Whether letters were read as digits: then the page says so."""
        return bool(self.is_bound and re.search(r"[OoIiLl]", self["key"].value() or ""))

    @property
    def compares_with_letter(self) -> bool:
        """Whether the check symbol failed: it can tell that something is mistyped, not where."""
        return any(fault.code == "key.check" for fault in self.errors.as_data().get("key", []))


_LOOK = {"data-show": _("Show password"), "data-hide": _("Hide password"), "dir": "ltr"}  # See static/page.js.


def _email_field() -> forms.EmailField:
    return forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr", "autocapitalize": "none"}
        ),
        error_messages={
            "required": _("Enter your e-mail address."),
            "invalid": _("Enter an e-mail address like name@example.com."),
        },
    )


def _new_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters. Three or four words that do not belong together are good."),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", **_LOOK}),
        error_messages={"required": _("Choose a password.")},
    )


def _own_password_field(
    label: Any, missing: Any
) -> forms.CharField:  # Any: lazy strings, whose type only the stubs know
    """The password that the account has now."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", **_LOOK}),
        error_messages={"required": missing},
    )


def _token(pasted: str) -> str:
    """ID.SECRET alone, whether the whole link was pasted or only its end."""
    return pasted.rpartition("#t=")[2].strip()


class EmailForm(forms.Form):
    email = _email_field()


class OwnEmailForm(EmailForm):
    """A student's own. The password too: by a proved address a new one is set, so it must be its owner who gives it."""

    current = _own_password_field(_("Your password now"), _("Enter the password that you have now."))


class CodeForm(forms.Form):
    """The code of a mail, or its link: the script of the page takes it from the address."""

    code = forms.CharField(
        label=_("Code from the e-mail"),
        help_text=_("8 digits. You can also paste the link from the e-mail here."),
        max_length=2000,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "dir": "ltr",
                "data-fragment": "t",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": _("Enter the 8 digits from the e-mail.")},
    )

    def clean_code(self) -> str:
        return _token(self.cleaned_data["code"])

    @property
    def is_link(self) -> bool:
        return "." in self.cleaned_data["code"]


class CompleteForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("As the school knows you."),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={"required": _("Enter your name.")},
    )
    password = _new_password_field()
    password.label = _("Password")


class StudentAccountForm(forms.Form):
    """What a student chooses; the rules are those of accounts/usernames.py, which tells every fault at once."""

    username = forms.CharField(
        label=_("Username"),
        help_text=_("6 to 50 letters and numbers, or your e-mail address. Not your student number."),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": _("Choose a username.")},
    )
    email = forms.CharField(
        label=_("E-mail address"),
        help_text=_("Only used if you forget your password. We send a code to it."),
        max_length=254,
        required=False,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr", "autocapitalize": "none"}
        ),
    )
    password = _new_password_field()
    password.label = _("Password")


class SignInForm(forms.Form):
    first_id = "id_username"

    username = forms.CharField(
        label=_("E-mail address or username"),
        help_text=_("As you chose it, or as the school gave it to you."),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "email", "dir": "ltr", "autocapitalize": "none"}
        ),
        error_messages={"required": _("Enter your e-mail address or username.")},
    )
    password = _own_password_field(_("Password"), _("Enter your password."))


class LinkForm(forms.Form):
    """The link of a mail, filled in from behind the # of its address, or pasted."""

    link = forms.CharField(
        label=_("Link from the e-mail"),
        help_text=_("Paste the whole link here."),
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "data-fragment": "t"}),
        error_messages={"required": _("Open the link in the e-mail once more, or paste it here.")},
    )

    def clean_link(self) -> str:
        return _token(self.cleaned_data["link"])


class NewPasswordForm(LinkForm):
    """By the link of a mail."""

    password = _new_password_field()


class PrintedCodeForm(forms.Form):
    """By the code that the office printed for somebody without an e-mail address."""

    first_id = "id_username"

    username = forms.CharField(
        label=_("User name"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "dir": "ltr", "autocapitalize": "none"}),
        error_messages={"required": _("Enter the user name from your paper.")},
    )
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Eight digits."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}),
        error_messages={"required": _("Enter the code from your paper.")},
    )
    password = _new_password_field()


class NewAddressForm(LinkForm):
    """By the link of the mail to a new address; the password is the account's own."""

    password = _own_password_field(_("Password of your account"), _("Enter your password."))


class ChangePasswordForm(forms.Form):
    current = _own_password_field(_("Your password now"), _("Enter the password that you have now."))
    password = _new_password_field()


class BirthDateForm(forms.Form):
    """A child's date of birth in three fields, each with its label, so that no order of day and month can be confused."""

    first_id = "id_day"  # Where the summary of faults leads.

    day = forms.CharField(label=_("Day"), max_length=10, required=False)
    month = forms.CharField(label=_("Month"), max_length=20, required=False)
    year = forms.CharField(label=_("Year"), max_length=10, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Adds birth_date. A date that can't be is told, and costs no try (§12.2)."""
        cleaned = super().clean() or {}
        parts = [_number(cleaned.get(name, "")) for name in ("year", "month", "day")]
        example = gettext("Enter the date like 27 3 2016.")
        if None in parts:
            raise ValidationError(example, code="birth_date.missing")
        try:
            born = date(*[part or 0 for part in parts])
        except (ValueError, OverflowError) as impossible:
            raise ValidationError(
                " ".join([gettext("There is no such day."), example]), code="birth_date.impossible"
            ) from impossible
        if born > self.today:
            raise ValidationError(" ".join([gettext("This day is still to come."), example]), code="birth_date.future")
        if born.year < 1900:
            raise ValidationError(
                " ".join([gettext("Enter the year with four digits."), example]), code="birth_date.year"
            )
        cleaned["birth_date"] = born
        return cleaned


def _number(typed: str) -> int | None:
    """Decimal digits of any script as a number; None for anything else."""
    digits = typed.strip()
    return int(digits) if digits.isdecimal() and len(digits) <= 4 else None
