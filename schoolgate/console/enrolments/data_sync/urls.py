"""Enrolments › Data Sync."""

from django.urls import path

from schoolgate.console.enrolments.data_sync import views

app_name = "data_sync"
urlpatterns = [
    path("", views.data_sync, name="home"),
    path("publish/", views.publish, name="publish"),
    path("approve/", views.approve, name="approve"),
    path("progress/<int:job_id>/", views.progress, name="progress"),
    path("history/", views.history, name="history"),
    path("<int:number>/", views.run, name="run"),
    path("<int:number>/undo/", views.undo, name="undo"),
]
