"""The parts of docs/reference/ that come from the code: ``make docs`` writes them, a test holds them in step."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs" / "reference"

HEAD = """\
# Commands

*Written by `make docs` from the commands themselves.*

Which database, which folder and which address the environment says: [settings](settings.md). Names, options and JSON members
are a contract: outside programs may rely on them.

- `--json` stands anywhere on the line: one object on standard output and nothing else there, also when the command refuses.
- Exit codes: **0** done, also when there was nothing to do · **1** refused, nothing changed · **2** the command line makes no
  sense · **3** held for approval · **4** any other fault. A dry run exits as the act would.
- A refusal without a shape of its own is `{"error": {"code", "message", "fix"}}`.
- Ids are those of your student system, as text, exactly as they came.
- Commands act at once and need no worker. The audit names them as `cli:` and who was signed in at the terminal.
"""


TALLY = '{"total", "added", "changed", "deactivated"}'
# What a command prints with --json, by the words after `schoolgate`; a test holds the names in step with the parser.
ANSWERS = {
    "tenant create": '`{"tenant"}`: the code',
    "settings set": '`{"settings": {…}}`: every setting of the tenant with its value ([their names](tenant-settings.md))',
    "member add": '`{"user", "sign_in_link"}`: the link to choose a password with',
    "import": (
        f'`{{"format", "applied", "held": [reason…], "students": {TALLY}, "contacts": {{…}}, "associations": {{…}}, '
        '"left_out", "findings": [{"severity", "code", "file", "line", "column", "value", "why", "fix", "count"}]}`. `total` counts the '
        "active ones after the import; `left_out` the rows with errors that it went without. Held, dry or refused: the counts that would be. Exit code 1 with errors, or with "
        "warnings and no `--accept-warnings`; 3 when held"
    ),
    "roster make": '`{"students", "contacts", "associations"}`',
    "sync": (
        '`{"run", "state", "students": {"added", "changed", "removed"}, "contacts": {…}, "links": {"added", "removed"}, '
        '"held_why": [reason…]}`. `state` is `nothing`, `applied`, `held` (exit code 3) or `planned` (a dry run, whose '
        "`run` is null)"
    ),
    "access set": (
        '`{"pending"}`: true while a Data Sync has yet to publish it. Exit code 1 without an association, or for `--on` '
        "against a restriction"
    ),
    "restrict": '`{"withdrawn"}`: how many links ended at once',
    "explain": (
        '`{"sees", "reasons": [{"for", "code", "text", "since", "by"}]}`. `sees` is what an account tied to this contact '
        "alone would see if the portal were open: `portal.closed` is told as a reason and changes nothing"
    ),
    "keys generate": (
        '`{"generated", "skipped": {reason: count}}`; with `--for` also `"by": {"parents", "students"}`, with `--dry-run` '
        '`"dry_run": true` and the counts that would be, with `--ids` `"ids": {"found": count, "blank", "twice", "unknown", '
        '"spreadsheet", "inactive"}`, each a list of `{"line", "id"}`. Exit code 1 for an inactive or unknown school and for a file '
        "that is no list"
    ),
    "keys list": (
        '`{"keys": [{"contact", "name", "email", "username", "students": [id…], "state", "locked", "selector", "key", '
        '"expires"}]}`: a row for each PARENT contact. `state` is `none`, `live`, `redeemed`, `expired`, `revoked` or '
        "`replaced`; `key` is null without `--reveal`. With `--for students` a row for each active student: "
        '`{"student", "student_no", "name", "school", "year", "class", "username", "state", "locked", "selector", "key", "expires"}`'
    ),
    "keys revoke": '`{"revoked", "skipped": {reason: count}}`',
    "keys system": '`{"system", "live", "ties", "ended": {"live", "ties"}}` (`ended` with `--set` only; connections without `--end-ties`: exit 1)',
    "keys letters": (
        '`{"letters", "pages", "files": [path…], "skipped": {reason: count}}`. Each file ends with a tally page, which '
        "`pages` counts. A contact without a postal address gets a letter for handing over"
    ),
    "keys email": '`{"queued", "skipped": {reason: count}}`',
    "accounts list": (
        '`{"accounts": [{"username", "name", "kind": "family" or "student", "email", "students": [id…], "why_none": [why '
        'it sees nobody…], "schools": [number…], "last_sign_in", "locked": "", "tries" or "staff", "locked_until", '
        '"state": "active", "unconfirmed", "disabled" or "deleted"}], "skipped": {"unknown"}}`; without `--username` and '
        "`--contact` every account"
    ),
    "accounts disable": '`{"disabled", "skipped": {reason: count}}`; reasons: `disabled` `deleted` `unknown`',
    "accounts unlock": (
        '`{"unlocked", "skipped": {reason: count}}`; reasons: `not_locked`, `disabled` (stopped by staff), `unknown`'
    ),
    "accounts unlink": (
        '`{"unlinked", "skipped": {reason: count}}`: connections that ended; reasons: `no_tie` `unknown`'
    ),
    "audit verify": '`{"rows", "ok", "first_bad"}`; exit code 1 when the chain is broken',
    "worker": '`{"sent", "failed", "unknown"}`: mails, when it ends',
    "serve": '`{"stopped"}`, when it ends',
    "demo": (
        '`{"address", "tenants": [{"code", "address"}], "password", "members": [{"tenant", "email", "role"}]}`. It stays '
        "away from a database with other schools in it"
    ),
    "doctor": '`{"ok", "checks": [{"name", "state", "says", "fix"}]}`; exit code 1 when something is to be mended',
    "upgrade": '`{"applied": […]}`: the migrations',
    "secrets make": '`{"file"}`, or `{"secrets"}` with `--print`',
    "secrets rotate": '`{"file", "pepper", "sealing_key"}`, or `{"secrets"}` with `--print`',
}

HOLDS = {
    "missing_people": "import: people, associations or a school are missing, beyond the shares of guard 1; "
    "sync: rows were left out of an applied import",
    "mass_change": "import: most of a kind would change, or one column would shift; sync: more than a tenth of the "
    "students or contacts, and five or more, would leave",
    "id_reuse": "import: a student's family name and birth date both change",
    "ids_changed": "import: new ids pair up by name with as many that vanish",
    "restriction_ends": "import: a known restriction is missing, shorter, or gets an association; "
    "sync: a link would come back whose restriction ended less than 30 days ago",
    "older_file": "import: the files are older than the last ones of this source",
    "leading_zeros": "import: ids lost the zeros at their start",
    "restriction_unclear": "import: a word for a restriction that isn't known",
    "links_removed": "sync: more than 50 links, or five and more than a twentieth of all, would be withdrawn",
    "school_emptied": "sync: a school that had links would have none",
}

SKIPS = {
    "live_key": "has a live key already",
    "tied": "is connected already",
    "no_link": "sees no student: no access is turned on, or it isn't published",
    "restricted": "is restricted, and sees no other student",
    "not_parent": "isn't of the type PARENT",
    "no_household": "keys open households here, and this contact's link belongs to none",
    "other_system": "the tenant's key system in force is another one",
    "inactive": "is a student who isn't enrolled today, or whose school is inactive",
    "under_age": "is a student under the minimum age for an account of their own",
    "no_birth_date": "is a student without a date of birth, which the second proof asks for",
    "no_key": "has no live key; generate one first",
    "no_email": "has no e-mail address that can be used",
    "bounced": "the last mail to this address came back",
    "shared_email": "shares the address with somebody who is barred from one of the same students: print a letter",
    "already_sent": "was mailed this very key before; `--again` mails it once more",
    "in_run": "is held by another run that isn't finished",
    "too_many_keys": "no key could be drawn that isn't in use; run it again",
    "unknown": "isn't in the directory",
}


def leaves(
    parser: argparse.ArgumentParser, path: str = "schoolgate"
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """(path, help, parser) of every command, in the order in which they are registered."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, child in action.choices.items():
                below = list(leaves(child, f"{path} {name}"))
                yield from below or [(f"{path} {name}", helps.get(name, ""), child)]


def commands_page() -> str:
    """docs/reference/cli.md, whole."""
    from schoolgate.cli import _parser

    parts = [HEAD]
    for path, said, parser in leaves(_parser()):
        words = [path]
        rows = []
        for action in parser._actions:
            if isinstance(action, argparse._HelpAction):
                continue
            shown = shape_of(action)
            words.append(shown if action.required else f"[{shown}]")
            if action.help:
                rows.append(f"- `{shown}`: {action.help}")
        parts.append(f"## {path.removeprefix('schoolgate ')}\n\n`{' '.join(words)}`\n\n{said[:1].upper()}{said[1:]}.\n")
        parts += ["\n".join(rows) + "\n"] if rows else []
        parts.append(f"JSON: {ANSWERS[path.removeprefix('schoolgate ')]}.\n")
    parts.append("## Why an import or a sync is held\n\n" + _rows(HOLDS))
    parts.append("## Why somebody is skipped\n\n" + _rows(SKIPS))
    return "\n".join(parts)


def _rows(words: dict[str, str]) -> str:
    return "| word | because |\n| --- | --- |\n" + "".join(f"| `{word}` | {why} |\n" for word, why in words.items())


def shape_of(action: argparse.Action) -> str:
    """An option as it is typed: ``--tenant C``, ``PATH...``."""
    value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return f"{value}..." if action.nargs in {"+", "*"} else value
    name = action.option_strings[-1]
    if action.nargs == 0:
        return name
    return f"{name} {value}..." if action.nargs in {"+", "*"} else f"{name} {value}"


SETTINGS_HEAD = """\
# Settings of a tenant

*Written by `make docs` from the settings themselves.*

What a school or district chooses for itself, on **Portal Console › Portal Console Setup › General › Settings** or by

```console
schoolgate settings set --tenant AlpxF2 help_line="02 5550 1234" portal_open=yes
```

Several at once are all set or none. The portal opens only with a help line, since families must know whom to ask; closing it ends
the sessions of families. A life that is made shorter never shortens a date that is on paper already. What the installation itself
is told by its environment is in [settings](settings.md).
"""


def tenant_settings_page() -> str:
    """docs/reference/tenant-settings.md, whole."""
    from schoolgate.tenancy.models import Tenant, TenantSettings
    from schoolgate.tenancy.settings import SETTINGS

    rows = ["| name | what it says | value | default |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS.values():
        model = Tenant if setting.name == "time_zone" else TenantSettings
        default = model._meta.get_field(setting.name).get_default()  # type: ignore[union-attr]  # Every setting is a column.
        shown = {True: "yes", False: "no", None: "", "": ""}.get(default, str(default))
        try:
            setting.read("\x00")
        except ValueError as allowed:
            rows.append(f"| `{setting.name}` | {setting.what} | {allowed} | {shown and f'`{shown}`'} |")
    return SETTINGS_HEAD + "\n" + "\n".join(rows) + "\n"


PAGES = {"cli.md": commands_page, "tenant-settings.md": tenant_settings_page}


def main() -> None:
    """Write every page."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schoolgate.config.settings.test")
    django.setup()
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
