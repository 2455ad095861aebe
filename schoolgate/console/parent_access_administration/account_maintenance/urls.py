"""ParentAccess Administration › Manage Accounts › Account Maintenance."""

from django.urls import path

from schoolgate.console.parent_access_administration.account_maintenance.views import (
    acting,
    correcting,
    exporting,
    looking,
    removing,
)

app_name = "account_maintenance"
urlpatterns = [
    path("", looking.search, name="search"),
    path("export/", exporting.export, name="export"),
    path("export/<int:job_id>/", exporting.made_list, name="list"),
    path("export/<int:job_id>/download/", exporting.download, name="download"),
    path("export/<int:job_id>/delete/", exporting.delete, name="delete_list"),
    path("unlock/", acting.unlock_ticked, name="unlock_ticked"),
    path("<int:account_id>/", looking.account, name="account"),
    path("<int:account_id>/history/", looking.history, name="history"),
    path("<int:account_id>/update/", correcting.update, name="update"),
    path("<int:account_id>/address/", correcting.address, name="address"),
    path("<int:account_id>/rename/", correcting.rename, name="rename"),
    path("<int:account_id>/reset/", correcting.reset, name="reset"),
    path("<int:account_id>/code/", correcting.code, name="code"),
    path("<int:account_id>/disable/", acting.disable, name="disable"),
    path("<int:account_id>/enable/", acting.enable, name="enable"),
    path("<int:account_id>/unlock/", acting.unlock, name="unlock"),
    path("<int:account_id>/delete/", acting.delete, name="delete"),
    path("<int:account_id>/keep/", acting.keep, name="keep"),
    path("<int:account_id>/ties/<int:tie_id>/unlink/", removing.unlink, name="unlink"),
    path("<int:account_id>/students/<int:student_id>/remove/", removing.remove_student, name="remove_student"),
    path("<int:account_id>/students/<int:student_id>/restore/", removing.restore, name="restore_child"),
]
