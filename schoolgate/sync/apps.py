"""What the module tells the rest of the project when it starts."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "schoolgate.sync"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register
        from schoolgate.sync import job

        register(job.PUBLISH)
        register(job.UNDO)
