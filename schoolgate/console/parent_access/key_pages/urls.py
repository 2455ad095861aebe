"""Portal Console › Portal Console Setup › Parent Access › Contact Keys."""

from django.urls import path

from schoolgate.console.parent_access.key_pages.views import acting, exporting, looking, running, showing

app_name = "contact_keys"
urlpatterns = [
    path("", looking.contact_keys, name="list"),
    path("filter/", looking.add_filter, name="filter"),
    path("select/", looking.select, name="select"),
    path("export/", exporting.export, name="export"),
    path("actions/", acting.actions, name="actions"),
    path("generate/", acting.act, {"name": "generate"}, name="generate"),
    path("print/", acting.act, {"name": "print"}, name="print"),
    path("email/", acting.act, {"name": "email"}, name="email"),
    path("replace/", acting.act, {"name": "replace"}, name="replace"),
    path("unlock/", acting.act, {"name": "unlock"}, name="unlock"),
    path("show/", showing.show_chosen, name="show_chosen"),
    path("show/<int:contact_id>/", showing.show, name="show"),
    path("hide/<int:contact_id>/", showing.hide, name="hide"),
    path("runs/<int:job_id>/", running.run, name="run"),
    path("runs/<int:job_id>/close/", running.close, name="close"),
    path("runs/<int:job_id>/cancel/", running.cancel, name="cancel"),
    path("runs/<int:job_id>/letters/<int:file_no>/", running.letters, name="letters"),
    path("runs/<int:job_id>/mark/", running.mark, name="mark"),
    path("runs/<int:job_id>/undo/", running.undo, name="undo"),
    path("revoke/", acting.act, {"name": "revoke"}, name="revoke"),
]
