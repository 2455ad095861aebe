"""Under portal-console/ (design.md §4): Templates and the outbox."""

from django.urls import path

from schoolgate.console.portal_console.outbox import views as outbox
from schoolgate.console.portal_console.templates_editor import views as templates

app_name = "portal_console"
urlpatterns = [
    path("setup/general/templates/", templates.templates, name="templates"),
    path("setup/general/templates/<str:channel>/", templates.template, name="template"),
    path("setup/general/templates/<str:channel>/restore/", templates.restore, name="template_restore"),
    path("setup/general/templates/<str:channel>/preview/", templates.preview, name="template_preview"),
    path("setup/general/templates/<str:channel>/drawn/", templates.drawn, name="template_drawn"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:message_id>/", outbox.mail, name="outbox_mail"),
    path("outbox/<int:message_id>/body/", outbox.body, name="outbox_body"),
    path("outbox/<int:message_id>/show/", outbox.show, name="outbox_show"),
    path("outbox/<int:message_id>/cancel/", outbox.cancel, name="outbox_cancel"),
    path("outbox/<int:message_id>/resend/", outbox.resend, name="outbox_resend"),
    path("outbox/<int:message_id>/arrived/", outbox.arrived, name="outbox_arrived"),
]
