"""What a mail carries once and the database never holds: both are made from a random nonce and this installation's own secret.

A row (a registration, a password reset) and the queued mail keep the nonce alone, so whoever reads the database, the outbox
or a backup can open nothing (security.md R13), and the mail can still be rendered at hand-over.
"""

import base64
import hmac
import secrets

from django.utils.crypto import salted_hmac

CODE_DIGITS = 8


def new_nonce() -> str:
    """Random, for one row."""
    return secrets.token_hex(24)


def one_time_code(nonce: str) -> str:
    """Eight digits to be typed by hand."""
    return f"{int.from_bytes(_derived(nonce, 'code')[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def one_time_token(nonce: str) -> str:
    """32 symbols for the fragment of a link."""
    return base64.urlsafe_b64encode(_derived(nonce, "link")[:24]).decode()


def is_code_of(nonce: str, typed: str) -> bool:
    """Whether the digits typed are this nonce's code; constant time, blanks and hyphens between them forgiven."""
    digits = "".join(sign for sign in typed if not sign.isspace() and sign != "-")
    return hmac.compare_digest(one_time_code(nonce).encode(), digits.encode())


def is_token_of(nonce: str, given: str) -> bool:
    return hmac.compare_digest(one_time_token(nonce).encode(), given.encode())


def parts_of_token(token: str) -> tuple[int, str]:
    """The id of the row and the secret of a link's ID.SECRET; id 0, which no row has, for anything else."""
    number, _dot, secret = token.partition(".")
    return (int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0), secret


def _derived(nonce: str, use: str) -> bytes:
    return salted_hmac(f"schoolgate one time {use}", nonce, algorithm="sha256").digest()
