"""What a command has to say, to a person and to a program."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from schoolgate.lib.errors import SchoolgateError

DONE, REFUSED, USAGE, HELD, FAULT = 0, 1, 2, 3, 4
_WIDTH_OF_A_PIPE = 240


@dataclass(frozen=True)
class Outcome:
    """content: the one JSON object. text: plain sentences for a person, or a function that prints tables on a rich Console."""

    content: dict[str, Any]
    text: str | Callable[[Console], None] = ""
    exit_code: int = DONE

    def say(self) -> None:
        if callable(self.text):
            # A pipe has no width of its own: a table's cells must not be cut into pieces there.
            self.text(Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE))
        elif self.text:
            Console(
                highlight=False,
                markup=False,
                soft_wrap=True,
                stderr=self.exit_code in {REFUSED, FAULT},
            ).print(self.text)

    @classmethod
    def of_refusal(cls, refusal: SchoolgateError) -> "Outcome":
        return cls(
            {"error": {"code": refusal.code, "message": refusal.message, "fix": refusal.fix}},
            refusal.in_full,
            FAULT if refusal.is_fault else REFUSED,
        )

    @classmethod
    def of_fault(cls, fault: Exception) -> "Outcome":
        message = f"Something went wrong inside schoolgate ({type(fault).__name__}). Nothing half done was kept."
        fix = "Run `schoolgate doctor`; if that finds nothing, report it with the log above."
        return cls(
            {"error": {"code": "fault", "message": message, "fix": fix}},
            f"{message} {fix}",
            FAULT,
        )
