"""ParentAccess Administration › Manage Accounts › Generate Registration Keys by School."""

from django.urls import path

from schoolgate.console.parent_access_administration.by_school import run_views, views

app_name = "by_school"
urlpatterns = [
    path("", views.plan, name="plan"),
    path("start/", views.start, name="start"),
    path("download/", views.download, name="download"),
    path("runs/<int:job_id>/", run_views.run, name="run"),
    path("runs/<int:job_id>/undo/", run_views.undo, name="undo"),
    path("runs/<int:job_id>/deliver/", run_views.deliver, name="deliver"),
    path("runs/<int:job_id>/cancel-delivery/", run_views.cancel_delivery, name="cancel_delivery"),
    path("runs/<int:job_id>/download/", run_views.download, name="download_run"),
]
