"""A real SMTP server on this machine, which keeps what it gets and can be told to misbehave."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from django.test import override_settings


@dataclass
class MailServer:
    """mails: what was accepted, in order. answers: {recipient: the answer to RCPT}. data_answer: instead of a yes to the text.

    drops_after_data: takes the text, then closes without an answer.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = ""
    drops_after_data: bool = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data_answer:
            return self.data_answer
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        if self.drops_after_data:
            server.transport.abort()
            await asyncio.sleep(0.05)
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def mail_server(**more: Any) -> Iterator[MailServer]:
    """The server, and Django's settings that name it."""
    handler = MailServer(port=free_port(), **more)
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    try:
        with mail_settings(handler.port):
            yield handler
    finally:
        controller.stop()


@contextmanager
def mail_settings(port: int) -> Iterator[None]:
    with override_settings(
        EMAIL_URL=f"smtp://127.0.0.1:{port}",
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_TIMEOUT=5,
        DEFAULT_FROM_EMAIL="no-reply@portal.example",
        BASE_URL="https://portal.example",
    ):
        yield
