"""What the working copy refuses, in words that say how to mend it."""

from schoolgate.lib.errors import SchoolgateError


class EnrolmentRefused(SchoolgateError):
    """field: the form field at fault, empty when none is."""

    code = "enrolment.refused"
    status = 422

    def __init__(self, message: str, *, fix: str = "", code: str = "", field: str = "") -> None:
        super().__init__(message, fix=fix, code=code)
        self.field = field


class Restricted(EnrolmentRefused):
    """A flag can't be turned on against a restriction (R-PA-05)."""

    code = "enrolment.restricted"


class ImportRefused(EnrolmentRefused):
    """An import that can't even begin; what is wrong with the files is in its findings instead."""

    code = "import.refused"
