"""The language of an account: of its pages on a new device, and of the mails about it."""

from django.conf import settings
from django.db import transaction

from schoolgate.tenancy.models import Tenant, User


@transaction.atomic(durable=True)
def choose_language(*, tenant: Tenant, account: User, language: str) -> None:
    """Only a language that is shipped; another one changes nothing. No audit: nobody's access is touched."""
    if language in dict(settings.LANGUAGES):
        User.objects.for_tenant(tenant).filter(pk=account.pk).update(language=language)
