"""Update: what the office corrects in an account at once. Whom it belongs to isn't changed from here (R-AM-04)."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from schoolgate.accounts.office_acts import AccountRefused, held_account, tell_account
from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.usernames import fold


@transaction.atomic(durable=True)
def update_account(*, tenant: Tenant, account_id: int, name: str, language: str, by: Actor, at: datetime) -> bool:
    """The name shown and the language of pages and mails. False when nothing differs. Raises AccountRefused."""
    account = held_account(tenant=tenant, account_id=account_id)
    wanted = {"name": name.strip()[:200], "language": language if language in dict(settings.LANGUAGES) else ""}
    changed = [field for field, value in wanted.items() if getattr(account, field) != value]
    if changed:
        User.objects.for_tenant(tenant).filter(pk=account.pk).update(**wanted)
        subjects = [("account", account.pk)]
        record("account.updated", tenant_id=tenant.pk, by=by, at=at, subjects=subjects, detail={"fields": changed})
    return bool(changed)


@transaction.atomic(durable=True)
def rename_account(*, tenant: Tenant, account_id: int, username: str, by: Actor, at: datetime) -> None:
    """Another sign-in name for an account without an e-mail address, as the school gave it the first one (spine §2).

    An account with an address signs in by it, and gets another one by accounts/new_address.py alone: who could give it a
    new one here could have a new password sent there. Sessions end (R-MU-03). Raises AccountRefused.
    """
    account = held_account(tenant=tenant, account_id=account_id)
    if account.email:
        raise AccountRefused(
            _("This account has an e-mail address."), fix=_("Ask for another address."), code="account.has_email"
        )
    if "@" in username:
        raise AccountRefused(
            _("A sign-in name given by the school is no e-mail address."),
            fix=_("Ask for an e-mail address instead; it is confirmed by a mail."),
            code="account.username",
        )
    try:
        with transaction.atomic():
            User.objects.for_tenant(tenant).filter(pk=account.pk).update(
                username=username.strip(),
                username_folded=fold(username),
                session_epoch=F("session_epoch") + 1,
                locked_until=None,
            )
    except IntegrityError as taken:
        raise AccountRefused(_("This name is taken."), fix=_("Choose another."), code="account.taken") from taken
    tell_account("account_renamed", account, tenant=tenant, at=at)
    record("account.renamed", tenant_id=tenant.pk, by=by, at=at, subjects=[("account", account.pk)])
