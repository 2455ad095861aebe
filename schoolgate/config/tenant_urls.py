"""What stands under /s-CODE/: the office's console and the families' portal (design.md §4)."""

from django.urls import include, path

urlpatterns = [
    path("", include("schoolgate.console.urls")),
    path("", include("schoolgate.portal.urls")),
]
