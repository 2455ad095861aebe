"""What the module tells the rest of the project when it starts."""

from django.apps import AppConfig


class EnrolmentsConfig(AppConfig):
    name = "schoolgate.enrolments"

    def ready(self) -> None:
        from schoolgate.enrolments import apply_import, undo_import, upload_roster
        from schoolgate.jobs.registry import register

        for kind in (upload_roster.CHECK, apply_import.APPLY, undo_import.UNDO):
            register(kind)
