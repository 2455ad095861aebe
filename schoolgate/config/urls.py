"""Every address, stated once: tenants under /s-CODE/, the rest beside them."""

from django.urls import include, path
from django.views.i18n import set_language

from schoolgate.config import health
from schoolgate.config.front import front
from schoolgate.config.theme import choose_theme
from schoolgate.tenancy.roles import for_anybody

urlpatterns = [
    path("", front, name="front"),
    path("theme/", choose_theme, name="theme"),
    path("language/", for_anybody(set_language), name="set_language"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("s-<slug:tenant_code>/", include("schoolgate.config.tenant_urls")),
]
