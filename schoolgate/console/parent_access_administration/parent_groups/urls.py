"""ParentAccess Administration › Manage Accounts › Generate Parent Registration Keys."""

from django.urls import path

from schoolgate.console.parent_access_administration.parent_groups import group_views, views

app_name = "parent_groups"
urlpatterns = [
    path("", views.plan, name="plan"),
    path("list/", views.add_list, name="add_list"),
    path("filter/", views.add_filter, name="add_filter"),
    path("ticked/", views.add_ticked, name="add_ticked"),
    path("groups/<int:group_id>/", group_views.group, name="group"),
    path("groups/<int:group_id>/start/", group_views.start, name="start"),
    path("groups/<int:group_id>/download/", group_views.download, name="download"),
    path("groups/<int:group_id>/left-out/", group_views.left_out, name="left_out"),
    path("groups/<int:group_id>/name/", group_views.name, name="name"),
    path("groups/<int:group_id>/delete/", group_views.delete, name="delete"),
]
