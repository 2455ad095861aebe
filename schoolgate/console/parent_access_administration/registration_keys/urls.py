"""ParentAccess Administration › Manage Accounts › Registration Key Maintenance."""

from django.urls import path

from schoolgate.console.parent_access_administration.registration_keys.acts import VERBS
from schoolgate.console.parent_access_administration.registration_keys.views import acting, adding, looking, showing

app_name = "registration_keys"
urlpatterns = [
    path("", looking.search, name="search"),
    path("schools/", looking.schools, name="schools"),
    path("select/", looking.select, name="select"),
    path("rows/", looking.rows, name="rows"),
    path("covered/", showing.cover, name="cover"),
    path("letters/<int:job_id>/", showing.letter, name="letter"),
    path("<int:student_id>/", looking.student, name="student"),
    path("<int:student_id>/history/", looking.history, name="history"),
    path("<int:student_id>/add-own/", adding.add_own, name="add_own"),
    path("<int:student_id>/gaps/", adding.gaps, name="gaps"),
    path("<int:student_id>/select-contact/", adding.select_contact, name="select_contact"),
    path("<int:student_id>/generate/", adding.generate, name="generate"),
    path("<int:student_id>/undo/<int:key_id>/", adding.undo, name="undo"),
    path("<int:student_id>/own-key/show/", showing.show, name="own_show"),
    path("<int:student_id>/contacts/<int:contact_id>/show/", showing.show, name="contact_show"),
    *(path(f"<int:student_id>/own-key/{verb.name}/", acting.act, {"verb": verb.name}, name=f"own_{verb.name}") for verb in VERBS),
    *(
        path(
            f"<int:student_id>/contacts/<int:contact_id>/{verb.name}/",
            acting.act,
            {"verb": verb.name},
            name=f"contact_{verb.name}",
        )
        for verb in VERBS
    ),
]  # fmt: skip
