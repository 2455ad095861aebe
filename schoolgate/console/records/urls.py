"""Under jobs/, audit/ and members/ (design.md §4)."""

from django.urls import path

from schoolgate.console.records.views import jobs

app_name = "records"
urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:job_id>/", jobs.job, name="job"),
    path("jobs/<int:job_id>/panel/", jobs.job_panel, name="job_panel"),
    path("jobs/<int:job_id>/control/", jobs.job_control, name="job_control"),
]
