"""The ways in which an ended run's keys can go out, each with its forecast (R-CK-07)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.console.parent_access.key_pages.words import said_skips
from schoolgate.console.parent_access_administration.by_school.reach import may_print
from schoolgate.console.parent_access_administration.by_school.runs import KeysRun
from schoolgate.letters.first_delivery import Way, forecast_delivery, keys_of_run, plan_delivery
from schoolgate.tenancy.http import TenantRequest


@dataclass(frozen=True)
class Offer:
    """One way. said: what it would do, in sentences. can_start: it would do something."""

    way: Way
    title: str
    said: str
    can_start: bool


def offers_of(request: TenantRequest, found: KeysRun, *, at: datetime) -> list[Offer]:
    """Query: letters only for members who may print in bulk."""
    ways = [Way.EMAILS]
    if may_print(request):
        ways = [Way.LETTERS_WITHOUT_EMAIL, Way.EMAILS, Way.LETTERS]
    subjects = keys_of_run(found.job)
    offers = []
    for way in ways:
        plan = plan_delivery(tenant=request.tenant, subjects=subjects, way=way, at=at)
        forecast = forecast_delivery(tenant=request.tenant, plan=plan, at=at)
        sentences = []
        if forecast.emails is not None:
            n = forecast.emails.acts_on
            sentences.append(ngettext("%(n)s email.", "%(n)s emails.", n) % {"n": n})
            sentences.append(said_skips(forecast.emails.skipped))
        if forecast.letters is not None:
            n = forecast.letters.acts_on
            sentences.append(ngettext("%(n)s letter.", "%(n)s letters.", n) % {"n": n})
            sentences.append(said_skips(forecast.letters.skipped))
        said = " ".join(filter(None, sentences)) or _("There is nobody to write to.")
        offers.append(Offer(way, str(way.label), said, forecast.acts_on > 0))
    return offers
