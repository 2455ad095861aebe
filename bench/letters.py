"""Letters in mixed scripts: merge, layout and PDF, beside the bare engine on the same trees and LibreOffice's mail merge.

All three are held to one core. The bare engine gets the finished data, and its clock runs while it loads fonts and sets pages;
ours begins with templates and facts and ends with files. LibreOffice merges the same letter (office_letter.py) to the same kind of
file, a tagged PDF (PDF/UA-1). Before, it was given fifteen bare paragraphs, no panel, picture or tag, and both cores; on a quiet
machine it set 75 of those a second, which says nothing about this letter.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bench.office_letter import office_letter
from bench.table import Result, ratio_result
from schoolgate.letters.pdf import MAX_LETTERS, job_of, print_pdf
from schoolgate.letters.sheet import LetterSheet
from schoolgate.letters.values import MergeValues, StudentLine
from tests.letters.samples import VALUES, batch, letter

if TYPE_CHECKING:  # Its tables need Django, which the processes of this file do without.
    from bench.district import District

LETTERS, MERGED = 10_000, 500
LEAST_A_SECOND, MOST_MEGABYTES, TIMES_FASTER = 150, 500, 10
# A school's names: most in Latin letters, the rest in the scripts that the fonts must carry.
NAMES = [
    "Amara Okafor", "Nguyễn Thị Hương", "Zoë Müller-Brandt", "Siobhán Ó Briain", "Łukasz Wiśniewski", "Ana María Núñez",
    "Jo Smith", "Priya Raman", "Dana Cole", "Te Rangi Hīroa", "محمد عبد الرحمن", "王小明", "Александр Петров", "प्रिया शर्मा",
    "Γιώργος Παπαδόπουλος", "田中 さくら", "김민준", "דנה כהן", "สมชาย ใจดี", "தமிழ்ச்செல்வி",
]  # fmt: skip


def facts() -> Iterator[MergeValues]:
    """One letter's facts after another, each with a name, an address, children and a key of its own."""
    number = 0
    while True:
        name, child = NAMES[number % len(NAMES)], NAMES[number * 7 % len(NAMES)]
        key = f"{number:05}-2XW9D-T31HD"
        yield replace(
            VALUES,
            contact_full_name=name,
            contact_salutation=name,
            contact_postal_address=(name, f"{number % 900 + 1} Banksia Road", "Wattle Creek NSW 2999"),
            students=(StudentLine(child, "7B"), StudentLine(f"Finn {name.split()[-1]}", "4A")),
            key=key,
            key_link=f"https://portal.example.edu.au/s-AlpxF2/key/#k={key}",
        )
        number += 1


def sheets(count: int) -> Iterator[tuple[LetterSheet, ...]]:
    """The letters, laid out, in files' worths."""
    made = (letter(values) for values in islice(facts(), count))
    return iter(lambda: tuple(islice(made, MAX_LETTERS)), ())


def measure(district: "District") -> list[Result]:
    """The letters' own pipeline (letters/merge, sheet, pdf); the database around it is not in this figure."""
    count = LETTERS // district.scale
    ours, bare = in_own_process("ours", count), in_own_process("bare", count)
    merged = time_mail_merge(MERGED // district.scale)
    speed, office_speed = count / ours["seconds"], MERGED // district.scale / merged
    return [
        ratio_result(
            f"{count:,} letters in mixed scripts, one core",
            took=ours["seconds"],
            yardstick=bare["seconds"],
            most=1.5,
            beside="bare engine, the same trees",
        ),
        Result("letters a second", f"{speed:.0f}", "", None, f"≥ {LEAST_A_SECOND}", speed >= LEAST_A_SECOND),
        Result(
            "letters: peak memory, engine included",
            f"{ours['megabytes']:.0f} MB",
            "",
            None,
            f"≤ {MOST_MEGABYTES} MB",
            ours["megabytes"] <= MOST_MEGABYTES,
        ),
        Result(
            "letters beside LibreOffice's mail merge",
            f"{speed:.0f} a second",
            f"LibreOffice, {MERGED // district.scale} of the same letter: {office_speed:.1f} a second",
            speed / office_speed,
            f"≥ {TIMES_FASTER} ×",
            speed >= TIMES_FASTER * office_speed,
        ),
    ]


def in_own_process(how: str, count: int) -> dict[str, float]:
    """{"seconds", "megabytes"} of this file run as a program."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.letters", how, str(count)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def print_ours(count: int) -> float:
    """Seconds from facts to files."""
    began = time.perf_counter()
    for pages in sheets(count):
        print_pdf(batch(*pages))
    return time.perf_counter() - began


BARE = """
import json, sys, time
import typst
folder, fonts, job = sys.argv[1], json.loads(sys.argv[2]), sys.stdin.buffer.read().decode()
began = time.perf_counter()
found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=fonts)
compiler = typst.Compiler(folder + "/letter.typ", root=folder, font_paths=found, ignore_system_fonts=True)
compiler.compile(format="pdf", sys_inputs={"job": job}, pdf_standards=["ua-1"], timestamp=0)
print(time.perf_counter() - began)
"""


def print_bare(count: int) -> float:
    """Seconds that the engine alone takes for the same trees, in as many processes."""
    from schoolgate.letters import pdf
    from schoolgate.letters.fonts import FOLDERS

    fonts = json.dumps([str(folder) for folder in FOLDERS])
    took = 0.0
    for pages in sheets(count):
        job = json.dumps(job_of(batch(*pages)), ensure_ascii=False)
        command = [sys.executable, "-c", BARE, str(Path(pdf.__file__).parent), fonts]
        took += float(subprocess.run(command, input=job.encode(), capture_output=True, check=True).stdout)
    return took


def time_mail_merge(count: int) -> float:
    """Seconds that LibreOffice takes to merge the same letter with as many people, its start left out."""
    with tempfile.TemporaryDirectory(prefix="schoolgate-merge-") as place:
        folder = Path(place)
        (folder / "out").mkdir()
        (folder / "letter.fodt").write_text(office_letter(), encoding="utf-8")
        with (folder / "letters.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["name", "street", "town", "children", "key"])
            for values in islice(facts(), count):
                children = " and ".join(f"{child.name} ({child.detail})" for child in values.students)
                rows.writerow([*values.contact_postal_address, children, values.key])
        command = ["/usr/bin/python3", str(Path(__file__).with_name("mail_merge.py"))]
        paths = [str(folder / "letter.fodt"), str(folder), str(folder / "out")]
        command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
        done = subprocess.run([*command, *paths], capture_output=True, text=True, check=False, timeout=900)
        if done.returncode or not list((folder / "out").glob("*.pdf")):
            raise RuntimeError(f"LibreOffice merged nothing: {done.stderr[-2000:]}")
        return float(done.stdout)


def main() -> None:
    """In a process of its own: measure one way, and say seconds and memory as JSON."""
    import resource

    how, count = sys.argv[1], int(sys.argv[2])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    took = {"ours": print_ours, "bare": print_bare}[how](count)
    used = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": took, "megabytes": used / 1024}))


if __name__ == "__main__":
    main()
