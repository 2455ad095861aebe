"""What a row of the key pages is under each key system: a contact, a household, a student (portal-console §4, §6)."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from schoolgate.keys.subjects import PARENT_KIND, SUBJECT_COLUMN
from schoolgate.tenancy.models import KeySystem, Tenant

_SORTS_OF_ADULTS = ("id", "name", "adults", "email", "username", "key", "state", "delivered", "expires", "seen")


@dataclass(frozen=True)
class Scheme:
    """namespace: of the page's addresses. number: the column of the row's own id, as the office knows it.

    sorts: by which columns. one, many: such as "%(n)s contact is selected", for a number of rows.
    no_link: the state of a row whose key would open nobody.
    """

    system: str
    namespace: str
    number: str
    sorts: tuple[str, ...]
    title: str | Promise
    lead: str | Promise
    row: str | Promise
    rows: str | Promise
    search_hint: str | Promise
    no_link: str | Promise
    none_match: str | Promise
    none_yet: str | Promise
    file_name: str

    @property
    def kind(self) -> str:
        """What its keys are tied to."""
        return PARENT_KIND[KeySystem(self.system)]

    @property
    def column(self) -> str:
        """Where an association names the row."""
        return SUBJECT_COLUMN[self.kind]

    @property
    def list_name(self) -> str:
        """Under which the ticks of this list are kept."""
        return self.namespace

    @property
    def is_own_addressee(self) -> bool:
        """Is the row itself the person whom its key is made for? Else a row has a key for each adult."""
        return self.system == KeySystem.CONTACT

    @property
    def has_students(self) -> bool:
        """May there be several students behind a row?"""
        return self.system != KeySystem.STUDENT

    def unpublished(self, n: int) -> str:
        """How many rows the list doesn't have yet (R-CK-01)."""
        shown = {"n": number_format(n, force_grouping=True)}
        if self.system == KeySystem.FAMILY:
            return (
                ngettext(
                    "%(n)s household waits to be published and is not in this list yet.",
                    "%(n)s households wait to be published and are not in this list yet.",
                    n,
                )
                % shown
            )
        if self.system == KeySystem.STUDENT:
            return (
                ngettext(
                    "%(n)s student waits to be published and is not in this list yet.",
                    "%(n)s students wait to be published and are not in this list yet.",
                    n,
                )
                % shown
            )
        return (
            ngettext(
                "%(n)s contact waits to be published and is not in this list yet.",
                "%(n)s contacts wait to be published and are not in this list yet.",
                n,
            )
            % shown
        )

    def counted(self, n: int) -> str:
        """So many rows, with their noun."""
        if self.system == KeySystem.FAMILY:
            return ngettext("%(n)s household", "%(n)s households", n) % {"n": n}
        if self.system == KeySystem.STUDENT:
            return ngettext("%(n)s student", "%(n)s students", n) % {"n": n}
        return ngettext("%(n)s contact", "%(n)s contacts", n) % {"n": n}


SCHEMES = {
    scheme.system: scheme
    for scheme in (
        Scheme(
            system=KeySystem.CONTACT.value,
            namespace="contact_keys",
            number="contact_no",
            sorts=("id", "name", "email", "username", "students", "key", "state", "delivered", "expires", "seen"),
            title=_("Contact Keys"),
            lead=_("Each contact gets one key, used once, to open their portal account."),
            row=_("Contact"),
            rows=_("Contacts"),
            search_hint=_("Name, email, ID or key start"),
            no_link=_("No students"),
            none_match=_("No contacts match"),
            none_yet=_("No contacts have been published yet"),
            file_name="contact-keys",
        ),
        Scheme(
            system=KeySystem.FAMILY.value,
            namespace="family_keys",
            number="source_id",
            sorts=(*_SORTS_OF_ADULTS, "students"),
            title=_("Family Keys"),
            lead=_(
                "Each adult of a household gets a key of their own. It opens those students of the household whom this adult may see."
            ),
            row=_("Household"),
            rows=_("Households"),
            search_hint=_("Name, email, ID or key start"),
            no_link=_("Nobody with access"),
            none_match=_("No households match"),
            none_yet=_("No households have been published yet"),
            file_name="family-keys",
        ),
        Scheme(
            system=KeySystem.STUDENT.value,
            namespace="student_keys",
            number="student_no",
            sorts=(*_SORTS_OF_ADULTS, "class"),
            title=_("Student Keys"),
            lead=_("Each adult of a student gets a key for that student. A parent of three adds three keys."),
            row=_("Student"),
            rows=_("Students"),
            search_hint=_("Name, email, ID or key start"),
            no_link=_("Nobody with access"),
            none_match=_("No students match"),
            none_yet=_("No students have been published yet"),
            file_name="student-keys",
        ),
    )
}


def scheme_of(tenant: Tenant) -> Scheme:
    """Of the key system in force."""
    return SCHEMES[tenant.settings.key_system]
