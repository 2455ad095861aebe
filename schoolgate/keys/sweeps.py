"""What workers look after: keys that a sync left without a child, and keys whose time is over."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.directory.models import DirectoryHead
from schoolgate.jobs.sweeps import Sweep
from schoolgate.keys.follow import follow_directory, review_keys
from schoolgate.keys.keep_group import forget_unnamed
from schoolgate.keys.models import AccessKey, KeysHead, KeyState
from schoolgate.tenancy.models import Tenant

BY_WORKER = Actor(kind=ActorKind.SYSTEM, via="worker")


def _follow(at: datetime) -> Mapping[str, int]:
    """Follow the feeds that have grown; one query when none has."""
    read = KeysHead.objects.filter(tenant=OuterRef("tenant"), feed_seq__gte=OuterRef("seq"))
    # every tenant: each whose feed has grown is followed
    grown = DirectoryHead.objects.filter(~Exists(read), seq__gt=0).values("tenant")
    done: Counter[str] = Counter()
    for tenant in Tenant.objects.select_related("settings").filter(pk__in=grown):
        done += follow_directory(tenant=tenant, by=BY_WORKER, at=at)
    return {f"keys_{what}": count for what, count in done.items()}


def _review(at: datetime) -> Mapping[str, int]:
    done: Counter[str] = Counter()
    # every tenant: each in turn is looked over
    with_keys = AccessKey.objects.filter(state=KeyState.LIVE, tenant=OuterRef("pk"))
    for tenant in Tenant.objects.select_related("settings").filter(Exists(with_keys)):
        done += review_keys(tenant=tenant, by=BY_WORKER, at=at)
    return {f"keys_{what}": count for what, count in done.items()}


FOLLOW = Sweep("keys.follow", timedelta(seconds=5), _follow)
REVIEW = Sweep("keys.review", timedelta(hours=1), _review)
FORGET_GROUPS = Sweep("keys.forget_groups", timedelta(hours=6), lambda at: {"groups_forgotten": forget_unnamed(at=at)})
