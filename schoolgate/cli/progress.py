"""Run a job from the terminal, at once, without a worker, and say what it skipped; progress goes to standard error, and only to a terminal."""

from rich.console import Console
from rich.progress import Progress

from schoolgate.console.reasons import reason_words
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job


def run_now(job: Job, what: str) -> Job:
    """The job as it ended. what: the words beside the bar."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return run_job(job.pk)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(what, total=job.total)
        return run_job(job.pk, on_progress=lambda running: bar.update(task, completed=running.ended))


def skips_in_words(skipped: dict[str, int]) -> str:
    """For a person: " Skipped 3: has a live key already (2), is not known (1)."."""
    if not skipped:
        return ""
    said = ", ".join(f"{reason_words(why)} ({count})" for why, count in skipped.items())
    return f" Skipped {sum(skipped.values())}: {said}."
