"""ParentAccess Administration › Dashboard."""

from django.urls import path

from schoolgate.console.parent_access_administration.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.home, name="home"),
    path("students/", views.students, name="students"),
    path("parents/", views.parents, name="parents"),
    path("parents/select/", views.select, name="select"),
    path("export/", views.export, name="export"),
]
