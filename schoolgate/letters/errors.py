"""What can go wrong between a school's words and an envelope, each with its mend."""

from dataclasses import dataclass

from schoolgate.lib.errors import SchoolgateError


@dataclass(frozen=True, order=True)
class TemplateFault:
    """One place in a template's text. part: "subject" or "body". line and column count from 1. code: stable, for programs."""

    part: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.message}"


class TemplateRefused(SchoolgateError):
    """A template that can't be used. faults: every place, in order; nothing was saved (R-TP-03 to R-TP-05)."""

    code = "template.refused"
    status = 422

    def __init__(self, faults: list[TemplateFault]) -> None:
        self.faults = sorted(faults)
        super().__init__(str(self.faults[0]))


@dataclass(frozen=True)
class LetterFault:
    """Why one letter of a batch can't be printed. index: its place in the batch. code: missing_glyph, address_too_long, letter_too_long."""

    index: int
    code: str
    message: str


class LettersRefused(SchoolgateError):
    """Letters of a batch that can't be printed as they are; the others can. A sign without a glyph is named, never a box."""

    code = "letters.refused"
    status = 422

    def __init__(self, faults: list[LetterFault]) -> None:
        self.faults = faults
        super().__init__(faults[0].message)


class FontsMissing(SchoolgateError):
    """The installation has no Noto fonts, so no letter can be printed."""

    code = "letters.fonts_missing"
    status = 503
    message = "The fonts for letters are not installed on this machine."
    fix = "Install the packages fonts-noto-core and fonts-noto-cjk (as root: apt-get install fonts-noto-core fonts-noto-cjk)."


class LetterEngineFailed(SchoolgateError):
    """The process that sets the letters came to grief; nothing was printed."""

    code = "letters.engine_failed"
    status = 503
    message = "The letters could not be set just now."
    fix = "Try again; if it happens again, print fewer letters at once."


class EmailRefused(SchoolgateError):
    """A mail that can't be made: an address with a line break, a body over the limit."""

    code = "email.refused"
    status = 422
