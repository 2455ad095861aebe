"""What the module tells the rest of the project when it starts."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "schoolgate.keys"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register
        from schoolgate.jobs.sweeps import register_sweep
        from schoolgate.keys import generate, replace, revoke, sweeps, unlock

        for kind in (generate.GENERATE, replace.REPLACE, revoke.REVOKE, unlock.UNLOCK):
            register(kind)
        for sweep in (sweeps.FOLLOW, sweeps.REVIEW, sweeps.FORGET_GROUPS):
            register_sweep(sweep)
