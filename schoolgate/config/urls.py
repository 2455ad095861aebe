"""Every address, stated once: tenants under /s-CODE/, the rest beside them."""

from django.urls import include, path

urlpatterns = [
    path("s-<slug:tenant_code>/", include("schoolgate.config.tenant_urls")),
]
