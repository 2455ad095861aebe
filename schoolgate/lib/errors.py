"""The one family of errors that people and programs are shown (style: status-coded errors, one handler per edge)."""


class SchoolgateError(Exception):
    """Something a person can mend.

    code: stable, dotted, for programs. status: the HTTP status of a page that shows it.
    message: for the person, a sentence. fix: what to do next, a sentence, may be empty.
    Texts never hold a key, a password or a child's name: errors are logged.
    """

    code = "error"
    status = 400
    is_fault = False  # True: nothing was refused, something is broken; a command then ends with 4 instead of 1.
    message = "This could not be done."
    fix = ""

    def __init__(self, message: str = "", *, fix: str = "", code: str = "") -> None:
        self.message = message or self.message
        self.fix = fix or self.fix
        self.code = code or self.code
        super().__init__(self.message)

    @property
    def in_full(self) -> str:
        """What happened, and what to do next."""
        return f"{self.message} {self.fix}".strip()


class NotFound(SchoolgateError):
    """Nothing of that name or id in this tenant; other tenants' rows look the same."""

    code = "not_found"
    status = 404
    message = "There is no such record."


class NotAllowed(SchoolgateError):
    """The role of the member doesn't cover the act."""

    code = "not_allowed"
    status = 403
    message = "Your role does not allow this."


class Misconfigured(SchoolgateError):
    """The installation says something that can't be, or lacks something; the fix says what to set or run."""

    code = "installation"
    status = 500
    message = "schoolgate is not set up completely."
