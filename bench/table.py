"""One row of the report, and the report."""

import os
import platform
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Result:
    """figure: what was measured, in words. beside: its yardstick, in words. ratio: figure to yardstick, by time.

    goal: in words. met: None where the goal couldn't be measured, and ``beside`` says why.
    """

    what: str
    figure: str
    beside: str
    ratio: float | None
    goal: str
    met: bool | None


def seconds(value: float) -> str:
    """A time as a person reads it."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def ratio_result(what: str, *, took: float, yardstick: float, most: float, beside: str, figure: str = "") -> Result:
    """A result whose goal is a ratio: ``took`` at most ``most`` times the yardstick."""
    ratio = took / yardstick
    return Result(
        what=what,
        figure=figure or seconds(took),
        beside=f"{beside}: {seconds(yardstick)}",
        ratio=ratio,
        goal=f"≤ {most} ×",
        met=ratio <= most,
    )


def print_results(results: list[Result], *, seconds: float) -> None:
    """The table on standard output; what was missed is named again below it."""
    console = Console(width=max(150, Console().width))
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL")
    for heading in ["what", "measured", "yardstick, same run", "ratio", "goal", ""]:
        table.add_column(heading, justify="right" if heading == "ratio" else "left")
    for result in results:
        verdict = {True: "met", False: "MISSED", None: "not measured"}[result.met]
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        table.add_row(result.what, result.figure, result.beside, ratio, result.goal, verdict)
    console.print(table)
    missed = [result.what for result in results if result.met is False]
    console.print(f"{len(results)} figures in {seconds:.0f} seconds; missed: {', '.join(missed) or 'none'}.")
