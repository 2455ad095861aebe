"""What the module tells the rest of the project when it starts."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "schoolgate.keys"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register
        from schoolgate.keys import generate, replace, revoke, unlock

        for kind in (generate.GENERATE, replace.REPLACE, revoke.REVOKE, unlock.UNLOCK):
            register(kind)
