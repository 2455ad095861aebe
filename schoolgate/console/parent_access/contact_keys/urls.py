"""Portal Console › Portal Console Setup › Parent Access › Contact Keys."""

from django.urls import path

from schoolgate.console.parent_access.contact_keys import views

app_name = "contact_keys"
urlpatterns = [
    path("", views.contact_keys, name="list"),
    path("filter/", views.add_filter, name="filter"),
    path("select/", views.select, name="select"),
]
