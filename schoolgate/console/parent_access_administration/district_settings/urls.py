"""Under parent-access-administration/settings/."""

from django.urls import path

from schoolgate.console.parent_access_administration.district_settings import views

app_name = "district_settings"
urlpatterns = [
    path("", views.edit, name="edit"),
    path("schools/", views.school_choose, name="school_choose"),
    path("schools/<int:school_id>/", views.school, name="school"),
    path("schools/<int:school_id>/save/", views.school_save, name="school_save"),
    path("schools/<int:school_id>/remove/", views.school_remove, name="school_remove"),
    path("<slug:section>/save/", views.save, name="save"),
    path("history/<int:entry_id>/put-back/", views.put_back, name="put_back"),
    path("history/<int:entry_id>/put-back-at-school/", views.put_back_at_school, name="put_back_at_school"),
]
