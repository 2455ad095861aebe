"""What the module tells the rest of the project when it starts."""

from datetime import timedelta

from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "schoolgate.letters"

    def ready(self) -> None:
        from schoolgate.jobs.registry import register, register_follower
        from schoolgate.jobs.sweeps import Sweep, register_sweep
        from schoolgate.keys.generate import GENERATE
        from schoolgate.letters import deliver, first_delivery, follow, held_delivery, print_letters, send_emails

        register(send_emails.SEND_EMAILS)
        register(print_letters.PRINT_LETTERS)
        register_follower(GENERATE.name, first_delivery.deliver_first)
        register_sweep(follow.FOLLOW)
        register_sweep(Sweep("letters.held_deliveries", timedelta(minutes=10), held_delivery.give_out_due))
        register_sweep(Sweep("letters.deliver", timedelta(seconds=2), deliver.deliver_due))
