"""Would receivers believe that a mail is from the sender's domain? Its SPF, DKIM and DMARC records, read and judged (R-TP-11).

One address stands in a mail's envelope and in its From line, so SPF is aligned wherever it passes. DKIM is aligned when the
mail server signs for that domain or for one above it; which key it signs with, its selector, nobody can look up.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from schoolgate.lib.errors import SchoolgateError

SECONDS_TO_WAIT = 5.0
Texts = Callable[[str], list[str]]
"""The TXT records of a name, none if there are none. Raises NamesAway."""

_SPF = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_DMARC = re.compile(r"v=DMARC1\b", re.IGNORECASE)
_SPF_END = re.compile(r"(?:^| )([+?~-]?)all(?: |$)", re.IGNORECASE)
_DKIM_KEY = re.compile(r"(?:^|;)\s*p\s*=\s*([^;\s]*)", re.IGNORECASE)
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE)
_RESERVED = ("localhost", "example", "test", "invalid", "local", "internal")


class NamesAway(SchoolgateError):
    """No name server answers, so nothing can be said."""

    code = "sender.no_answer"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            _("No name server answered."), fix=_("See that this machine may look names up, and try again.")
        )


@dataclass(frozen=True)
class SenderFinding:
    """name: SPF, DKIM or DMARC. fix: what to do at the domain's records, empty when is_good."""

    name: str
    is_good: bool
    says: str
    fix: str = ""


def domain_of(address: str) -> str:
    """The part behind the @, in small letters."""
    return address.rpartition("@")[2].rstrip("> ").casefold()


def is_selector(text: str) -> bool:
    """Whether a mail server's key may have this name."""
    return _SELECTOR.fullmatch(text) is not None and ".." not in text


def check_sender(domain: str, *, selector: str = "", texts: Texts) -> list[SenderFinding]:
    """What stands about this domain, one finding a record. selector: of the mail server's DKIM key, if known. Raises NamesAway."""
    if "." not in domain or domain.rpartition(".")[2] in _RESERVED or domain.replace(".", "").isdigit():
        says = _("“%(domain)s” is no domain that mail can come from.") % {"domain": domain}
        return [SenderFinding("SPF", False, says, _("Set SCHOOLGATE_EMAIL_FROM to an address of your own domain."))]
    return [_spf(domain, texts), _dkim(domain, selector, texts), _dmarc(domain, texts)]


def _spf(domain: str, texts: Texts) -> SenderFinding:
    found = [text for text in texts(domain) if _SPF.match(text)]
    place = {"domain": domain, "n": len(found)}
    if not found:
        return SenderFinding(
            "SPF",
            False,
            _("%(domain)s doesn't say which servers may send for it.") % place,
            _("Add a TXT record at %(domain)s that names your mail server: v=spf1 include:… -all") % place,
        )
    if len(found) > 1:
        fix = _("Join them into one.")
        return SenderFinding("SPF", False, _("%(domain)s has %(n)s records; receivers then take none.") % place, fix)
    end = _SPF_END.search(found[0])
    if (end is None and "redirect=" not in found[0].casefold()) or (end is not None and end[1] in {"", "+", "?"}):
        says = _("The record lets anybody send for %(domain)s.") % place
        return SenderFinding("SPF", False, says, _("End it with ~all or -all."))
    return SenderFinding(
        "SPF", True, _("%(domain)s says which servers may send for it. See that yours is among them.") % place
    )


def _dkim(domain: str, selector: str, texts: Texts) -> SenderFinding:
    if not selector:
        return SenderFinding(
            "DKIM",
            False,
            _("Not looked at: the name of your mail server's key, its selector, isn't given."),
            _("Ask whoever runs your mail server, and give it below."),
        )
    for above in _with_those_above(domain):
        place = f"{selector}._domainkey.{above}"
        for text in texts(place):
            key = _DKIM_KEY.search(text)
            if key is not None and key[1]:
                return SenderFinding(
                    "DKIM", True, _("There is a key at %(place)s, aligned with the sender.") % {"place": place}
                )
            if key is not None:
                fix = _("Let your mail server sign with a key that is in force.")
                return SenderFinding("DKIM", False, _("The key at %(place)s is withdrawn.") % {"place": place}, fix)
    place = f"{selector}._domainkey.{domain}"
    return SenderFinding(
        "DKIM",
        False,
        _("There is no key at %(place)s.") % {"place": place},
        _("Let your mail server sign for %(domain)s, and publish its key there.") % {"domain": domain},
    )


def _dmarc(domain: str, texts: Texts) -> SenderFinding:
    for above in _with_those_above(domain):
        if any(_DMARC.match(text) for text in texts(f"_dmarc.{above}")):
            return SenderFinding(
                "DMARC", True, _("%(domain)s says what becomes of mails that fail.") % {"domain": above}
            )
    return SenderFinding(
        "DMARC",
        False,
        _("%(domain)s doesn't say what becomes of mails that fail.") % {"domain": domain},
        _("Add a TXT record at _dmarc.%(domain)s: v=DMARC1; p=none") % {"domain": domain},
    )


def _with_those_above(domain: str) -> Iterator[str]:
    """mail.school.example, school.example: no top-level domain, which is nobody's own."""
    parts = domain.split(".")
    for cut in range(len(parts) - 1):
        yield ".".join(parts[cut:])


def look_up_texts(name: str) -> list[str]:
    """By this machine's name servers."""
    from dns import exception, resolver  # Nothing else here looks names up.

    try:
        answer = resolver.resolve(name, "TXT", lifetime=SECONDS_TO_WAIT, raise_on_no_answer=False, search=False)
    except resolver.NXDOMAIN:
        return []
    except (exception.DNSException, OSError) as fault:
        raise NamesAway from fault
    return [b"".join(record.strings).decode(errors="replace") for record in answer.rrset or ()]
