"""The link with which a member of staff chooses a password: used once, since it dies with the password's change."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from schoolgate.tenancy.models import Tenant, User


class _SignInTokens(PasswordResetTokenGenerator):
    key_salt = "schoolgate.tenancy.sign_in_link"


def sign_in_token(user: User) -> str:
    """ID-TOKEN, bound to the user's password and last sign-in; valid for PASSWORD_RESET_TIMEOUT."""
    return f"{user.pk}-{_SignInTokens().make_token(user)}"


def user_of_token(token: str, *, tenant: Tenant) -> User | None:
    """Query: whose link this is; None when it was used, is too old, or belongs to another tenant."""
    user_id, _, secret = token.partition("-")
    if not user_id.isascii() or not user_id.isdigit() or len(user_id) > 18:
        return None
    user = User.objects.for_tenant(tenant).staff().filter(pk=int(user_id), is_active=True).first()
    return user if user is not None and _SignInTokens().check_token(user, secret) else None
