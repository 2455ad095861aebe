"""Under enrolments/imports/ (design.md §4)."""

from django.urls import path

from schoolgate.console.enrolments.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.imports, name="list"),
    path("new/", views.upload, name="new"),
    path("<int:import_id>/", views.roster_import, name="import"),
    path("<int:import_id>/findings.csv", views.findings_csv, name="findings"),
    path("<int:import_id>/apply/", views.apply_roster, name="apply"),
    path("<int:import_id>/leave-out/", views.leave_out, name="leave_out"),
    path("<int:import_id>/undo/", views.undo, name="undo"),
    path("<int:import_id>/cancel/", views.cancel, name="cancel"),
]
