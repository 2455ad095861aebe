"""The text that comes with schoolgate, for each kind of letter and mail (portal-console §5)."""

from functools import cache
from pathlib import Path

from schoolgate.letters.fields import KINDS, Part
from schoolgate.letters.merge import ParsedTemplate, parse_template

_FOLDER = Path(__file__).parent / "defaults"
_QUESTIONS = ("4. Answer one question about your child.\n", "3. Give your date of birth.\n")


@cache
def shipped_text(kind: str, channel: Part, *, asks_proof: bool = True) -> tuple[str, str]:
    """Subject and body in English. asks_proof: whether a redemption asks for a second proof, which the letter's steps tell."""
    text = (_FOLDER / f"{kind}.{channel}.en.md").read_text(encoding="utf-8")
    subject, body = "", text
    if text.startswith("Subject: "):
        head, _, body = text.partition("\n")
        subject = head.removeprefix("Subject: ")
    if not asks_proof:
        for question in _QUESTIONS:
            body = body.replace(question, "")
    return subject, body.strip("\n")


@cache
def shipped_template(kind: str, channel: Part, *, asks_proof: bool = True) -> ParsedTemplate:
    subject, body = shipped_text(kind, channel, asks_proof=asks_proof)
    return parse_template(kind=KINDS[kind, channel], subject=subject, body=body)
