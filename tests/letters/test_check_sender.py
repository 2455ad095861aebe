"""SPF, DKIM and DMARC of the sender's domain (R-TP-11), from records as they come, and by a name server of our own."""

import socket
import threading

import dns.message
import dns.resolver
import dns.rrset
import pytest

from schoolgate.letters.check_sender import NamesAway, check_sender, domain_of, is_selector, look_up_texts

DOMAIN = "mail.school.edu"
GOOD = {
    DOMAIN: ["site=1", "v=spf1 include:post.net -all"],
    f"s1._domainkey.{DOMAIN}": ["v=DKIM1; k=rsa; p=MIGf"],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject"],
}


def check(records, *, domain=DOMAIN, selector="s1"):
    found = check_sender(domain, selector=selector, texts=lambda name: records.get(name, []))
    return {finding.name: finding for finding in found}


def test_all_three_are_good():
    found = check(GOOD)
    assert [(name, finding.is_good, finding.fix) for name, finding in found.items()] == [
        ("SPF", True, ""),
        ("DKIM", True, ""),
        ("DMARC", True, ""),
    ]


def test_without_records_each_says_what_to_add():
    for finding in check({}).values():
        assert not finding.is_good
        assert DOMAIN in finding.fix


@pytest.mark.parametrize(
    ("records", "is_good"),
    [
        (["v=spf1 mx ~all"], True),
        (["v=spf1 redirect=_spf.school.edu"], True),
        (["V=SPF1 ip4:203.0.113.7 -ALL"], True),
        (["v=spf1 mx"], False),
        (["v=spf1 +all"], False),
        (["v=spf1 all"], False),
        (["v=spf1 mx ?all"], False),
        (["v=spf1 mx -all", "v=spf1 a -all"], False),
        (["v=spf10 mx -all"], False),
    ],
)
def test_spf_counts_when_it_keeps_others_out(records, is_good):
    assert check(GOOD | {DOMAIN: records})["SPF"].is_good is is_good


def test_dkim_is_aligned_at_the_domain_or_above_it_and_a_withdrawn_key_is_none():
    above = {"s1._domainkey.school.edu": ["p=MIGf"]}
    assert check(above)["DKIM"].is_good
    assert "withdrawn" in check({f"s1._domainkey.{DOMAIN}": ["v=DKIM1; p="]})["DKIM"].says
    assert not check({"s1._domainkey.other.edu": ["p=MIGf"]})["DKIM"].is_good
    assert "selector" in check(GOOD, selector="")["DKIM"].says


def test_dmarc_may_stand_at_the_domain_above():
    assert check({"_dmarc.school.edu": ["v=DMARC1; p=none"]})["DMARC"].is_good


@pytest.mark.parametrize("domain", ["localhost", "school.example", "127.0.0.1", ""])
def test_a_domain_of_nobody_is_not_looked_up(domain):
    (finding,) = check_sender(domain, texts=pytest.fail)
    assert "SCHOOLGATE_EMAIL_FROM" in finding.fix


def test_parts_of_an_address_and_of_a_key_s_name():
    assert domain_of("Wattle Creek <no-reply@School.Edu>") == "school.edu"
    assert [is_selector(text) for text in ("s1", "mail-2026.x", "", "a b", "-a", "a/b", "x" * 64)] == [
        True, True, False, False, False, False, False,
    ]  # fmt: skip


@pytest.fixture
def name_server(monkeypatch):
    """A name server on the loopback address that knows one name, and this machine's resolver turned to it."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                asked, caller = server.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(asked)
            answer = dns.message.make_response(query)
            name = query.question[0].name.to_text()
            if name == "school.edu.":
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 mx " "-all"', '"site=1"'))
            elif name != "silent.edu.":
                answer.set_rcode(dns.rcode.NXDOMAIN if name == "nobody.edu." else dns.rcode.SERVFAIL)
            server.sendto(answer.to_wire(), caller)

    threading.Thread(target=serve, daemon=True).start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    monkeypatch.setattr("schoolgate.letters.check_sender.SECONDS_TO_WAIT", 1.0)
    yield
    server.close()


@pytest.mark.usefixtures("name_server")
def test_records_are_read_by_this_machines_name_server():
    assert sorted(look_up_texts("school.edu")) == ["site=1", "v=spf1 mx -all"]
    assert look_up_texts("nobody.edu") == []
    assert look_up_texts("silent.edu") == []
    with pytest.raises(NamesAway):
        look_up_texts("broken.edu")
