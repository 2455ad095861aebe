"""Under portal-console/setup/general/settings/ (design.md §4)."""

from django.urls import path

from schoolgate.console.portal_console.settings import views

app_name = "settings"
urlpatterns = [
    path("", views.settings, name="edit"),
    path("<slug:section>/save/", views.save, name="save"),
]
