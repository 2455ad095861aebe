"""What the module tells the rest of the project when it starts."""

from datetime import timedelta

from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "schoolgate.letters"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register
        from schoolgate.jobs.sweeps import Sweep, register_sweep
        from schoolgate.letters import deliver, follow, print_letters, send_emails

        register(send_emails.SEND_EMAILS)
        register(print_letters.PRINT_LETTERS)
        register_sweep(follow.FOLLOW)
        register_sweep(Sweep("letters.deliver", timedelta(seconds=2), deliver.deliver_due))
