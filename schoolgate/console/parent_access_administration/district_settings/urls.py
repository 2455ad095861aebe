"""Under parent-access-administration/settings/."""

from django.urls import path

from schoolgate.console.parent_access_administration.district_settings import views

app_name = "district_settings"
urlpatterns = [
    path("", views.edit, name="edit"),
    path("<slug:section>/save/", views.save, name="save"),
    path("history/<int:entry_id>/put-back/", views.put_back, name="put_back"),
]
