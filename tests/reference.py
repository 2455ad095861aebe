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
    return "\n".join(parts)


def shape_of(action: argparse.Action) -> str:
    """An option as it is typed: ``--tenant C``, ``PATH...``."""
    value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return f"{value}..." if action.nargs in {"+", "*"} else value
    name = action.option_strings[-1]
    if action.nargs == 0:
        return name
    return f"{name} {value}..." if action.nargs in {"+", "*"} else f"{name} {value}"


PAGES = {"cli.md": commands_page}


def main() -> None:
    """Write every page."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "schoolgate.config.settings.test")
    django.setup()
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
