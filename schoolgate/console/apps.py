"""What the office's pages tell the rest of the project when they start."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "schoolgate.console"

    def ready(self) -> None:
        from schoolgate.console.parent_access_administration.account_maintenance.export import EXPORT
        from schoolgate.jobs.registry import register

        register(EXPORT)  # Its rows are in the words of the page, so its work is done here.
