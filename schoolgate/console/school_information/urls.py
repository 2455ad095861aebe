"""Under school-information/ (design.md §4)."""

from django.urls import path

from schoolgate.console.school_information import views

app_name = "school_information"
urlpatterns = [
    path("campuses/", views.campuses, name="campuses"),
    path("campuses/add/", views.campus_add, name="campus_add"),
    path("campuses/<int:school_id>/edit/", views.campus_edit, name="campus_edit"),
]
