"""What the module tells the rest of the project when it starts."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "schoolgate.sync"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register
        from schoolgate.jobs.sweeps import register_sweep
        from schoolgate.sync import job, sweeps

        register(job.PUBLISH)
        register(job.UNDO)
        register_sweep(sweeps.WITHDRAW)
