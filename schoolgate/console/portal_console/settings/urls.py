"""Under portal-console/setup/general/settings/ (design.md §4)."""

from django.urls import path

from schoolgate.console.portal_console.settings import switching, views

app_name = "settings"
urlpatterns = [
    path("", views.settings, name="edit"),
    path("key-system/<slug:system>/", switching.switch, name="switch"),
    path("sender/", views.check_sender, name="check_sender"),
    path("<slug:section>/save/", views.save, name="save"),
]
