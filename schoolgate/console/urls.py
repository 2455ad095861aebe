"""The office's pages: a folder for each menu. Each folder's urls.py is included here under its path (design.md §4)."""

from django.urls import URLPattern, URLResolver, include, path

from schoolgate.console import views
from schoolgate.console.parent_access.key_pages.schemes import SCHEMES
from schoolgate.console.parent_access.key_pages.urls import key_addresses

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("console/", views.home, name="home"),
    path("console/sign-in/", views.sign_in, name="sign_in"),
    path("console/sign-out/", views.sign_out, name="sign_out"),
    path("console/welcome/", views.welcome, name="welcome"),
    path("console/fresh/", views.fresh, name="fresh"),
    path("console/find/", views.find, name="find"),
    path("console/notices/<int:notice_id>/close/", views.notice_close, name="notice_close"),
    path("portal-console/setup/general/settings/", include("schoolgate.console.portal_console.settings.urls")),
    *(
        path(f"portal-console/setup/parent-access/{scheme.file_name}/", include(key_addresses(scheme)))
        for scheme in SCHEMES.values()
    ),
    path(
        "parent-access-administration/settings/",
        include("schoolgate.console.parent_access_administration.district_settings.urls"),
    ),
    path(
        "parent-access-administration/dashboard/",
        include("schoolgate.console.parent_access_administration.dashboard.urls"),
    ),
    path(
        "parent-access-administration/account-maintenance/",
        include("schoolgate.console.parent_access_administration.account_maintenance.urls"),
    ),
    path("portal-console/", include("schoolgate.console.portal_console.urls")),
    path(
        "parent-access-administration/generate/by-school/",
        include("schoolgate.console.parent_access_administration.by_school.urls"),
    ),
    path(
        "parent-access-administration/generate/parents/",
        include("schoolgate.console.parent_access_administration.parent_groups.urls"),
    ),
    path("enrolments/data-sync/", include("schoolgate.console.enrolments.data_sync.urls")),
    path("enrolments/explain/", include("schoolgate.console.enrolments.explain.urls")),
    path("enrolments/imports/", include("schoolgate.console.enrolments.imports.urls")),
    path("enrolments/", include("schoolgate.console.enrolments.urls")),
    path("school-information/", include("schoolgate.console.school_information.urls")),
    path(
        "parent-access-administration/registration-keys/",
        include("schoolgate.console.parent_access_administration.registration_keys.urls"),
    ),
    path("", include("schoolgate.console.records.urls")),
]
