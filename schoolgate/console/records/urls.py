"""Under jobs/, audit/ and members/ (design.md §4)."""

from django.urls import path

from schoolgate.console.records.views import audit, jobs, members

app_name = "records"
urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:job_id>/", jobs.job, name="job"),
    path("jobs/<int:job_id>/panel/", jobs.job_panel, name="job_panel"),
    path("jobs/<int:job_id>/control/", jobs.job_control, name="job_control"),
    path("audit/", audit.audit, name="audit"),
    path("audit/searches/", audit.searches, name="searches"),
    path("audit/export/", audit.audit_export, name="audit_export"),
    path("audit/verify/", audit.audit_verify, name="audit_verify"),
    path("members/", members.members, name="members"),
    path("members/add/", members.member_add, name="member_add"),
    path("members/<int:membership_id>/edit/", members.member_edit, name="member_edit"),
    path("members/<int:membership_id>/remove/", members.member_remove, name="member_remove"),
    path("members/<int:membership_id>/link/", members.member_link, name="member_link"),
]
