"""schoolgate audit verify"""

import argparse

from schoolgate.audit.verify import verify_audit
from schoolgate.cli.outcome import DONE, REFUSED, Outcome
from schoolgate.cli.who import tenant_named


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    audit = commands.add_parser("audit", help="the audit's chain").add_subparsers(required=True, metavar="ACT")
    verify = audit.add_parser("verify", help="prove that nothing was changed, removed, inserted or reordered")
    verify.add_argument("--tenant", required=True, metavar="C")
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    verdict = verify_audit(tenant_id=tenant.pk)
    text = (
        f"The audit is whole: {verdict.rows} entries."
        if verdict.ok
        else f"The audit is broken at entry {verdict.first_bad}."
    )
    content = {"rows": verdict.rows, "ok": verdict.ok, "first_bad": verdict.first_bad}
    return Outcome(content, text, DONE if verdict.ok else REFUSED)
