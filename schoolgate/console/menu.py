"""The side bar: every menu of the console, in the order of design.md §4. A page that isn't built yet is absent, and so is one whose right the member lacks."""

from dataclasses import dataclass
from functools import cache

from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.models import KeySystem
from schoolgate.tenancy.roles import Right


@dataclass(frozen=True)
class Entry:
    """name: the URL name of its first page; its view's right decides who sees it. words: further parts of its address.

    systems: the key systems under which it exists; none named: under all (R-ST-02).
    """

    name: str
    label: str | Promise
    icon: str
    words: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """An entry as one member sees it on one page. is_here: "page", "true" (a page below it) or empty."""

    label: str
    icon: str
    address: str
    is_here: str


@dataclass(frozen=True)
class Group:
    label: str
    items: list[Item]


_OLDER_SYSTEMS = (KeySystem.FAMILY, KeySystem.STUDENT)

MENU: list[tuple[str | Promise, list[Entry]]] = [
    ("", [Entry("console:home", _("Home"), "home")]),
    (
        _("Enrolments"),
        [
            Entry("console:enrolments:students", _("Students"), "people"),
            Entry("console:enrolments:contacts", _("Contacts"), "person"),
            Entry("console:enrolments:households", _("Households"), "house"),
            Entry("console:enrolments:restrictions", _("Restrictions"), "shield"),
            Entry("console:imports:list", _("Import roster"), "upload"),
            Entry("console:data_sync:home", _("Data Sync"), "sync"),
            Entry("console:explain:ask", _("Explain"), "help"),
        ],
    ),
    (
        _("Portal Console › Setup"),
        [
            Entry("console:settings:edit", _("Settings"), "cog"),
            Entry("console:portal_console:templates", _("Templates"), "doc", systems=(KeySystem.CONTACT,)),
            Entry("console:portal_console:template", _("Letter Setup"), "doc", ("letter",), _OLDER_SYSTEMS),
            Entry("console:portal_console:template", _("Email Setup"), "mail", ("email",), _OLDER_SYSTEMS),
        ],
    ),
    (
        _("Parent Access"),
        [
            Entry("console:contact_keys:list", _("Contact Keys"), "key", systems=(KeySystem.CONTACT,)),
            Entry("console:family_keys:list", _("Family Keys"), "key", systems=(KeySystem.FAMILY,)),
            Entry("console:student_keys:list", _("Student Keys"), "key", systems=(KeySystem.STUDENT,)),
        ],
    ),
    (
        _("ParentAccess Administration"),
        [
            Entry("console:dashboard:home", _("Dashboard"), "list"),
            Entry("console:registration_keys:search", _("Registration Key Maintenance"), "key"),
            Entry("console:by_school:plan", _("Generate Registration Keys by School"), "school"),
            Entry("console:parent_groups:plan", _("Generate Parent Registration Keys"), "people"),
            Entry("console:account_maintenance:search", _("Account Maintenance"), "person"),
            Entry("console:district_settings:edit", _("District Settings"), "cog"),
        ],
    ),
    (
        _("Portal Console"),
        [Entry("console:portal_console:outbox", _("Outbox"), "mail")],
    ),
    (_("School Information"), [Entry("console:school_information:campuses", _("School Campuses"), "school")]),
    (
        _("Records"),
        [
            Entry("console:records:jobs", _("Jobs"), "clock"),
            Entry("console:records:audit", _("Audit log"), "list"),
            Entry("console:records:members", _("Members"), "shield"),
        ],
    ),
]


@cache
def _right_of(name: str, words: tuple[str, ...]) -> Right | None:
    """The right that the view behind a URL name asks for; None where there is no such page."""
    try:
        view = resolve(reverse(name, args=["AAAAAA", *words])).func
    except NoReverseMatch:
        return None
    return getattr(view, "right", None)


def menu_of(request: TenantRequest) -> list[Group]:
    """The groups with what this member may open; groups with nothing in them are left out."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    in_use = request.tenant.settings.key_system
    found = []
    for label, entries in MENU:
        items = [
            Item(
                label=str(entry.label),
                icon=entry.icon,
                address=(address := reverse(entry.name, args=[request.tenant.code, *entry.words])),
                is_here="page"
                if here == entry.name and request.path == address
                else ("true" if _lies_under(request.path, address) else ""),
            )
            for entry in entries
            if _right_of(entry.name, entry.words) in request.rights and (not entry.systems or in_use in entry.systems)
        ]
        if items:
            found.append(Group(str(label), items))
    return found


def _lies_under(path: str, address: str) -> bool:
    return path.startswith(address) and not address.endswith("/console/")
