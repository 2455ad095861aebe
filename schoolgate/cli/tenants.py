"""schoolgate tenant create · settings set · member add"""

import argparse
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from schoolgate.cli.outcome import Outcome
from schoolgate.cli.who import tenant_named, terminal_actor
from schoolgate.tenancy.add_member import add_member
from schoolgate.tenancy.create_tenant import create_tenant
from schoolgate.tenancy.models import Role
from schoolgate.tenancy.settings import SettingRefused, change_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tenant = commands.add_parser("tenant", help="schools and districts served here").add_subparsers(
        required=True, metavar="ACT"
    )
    create = tenant.add_parser("create", help="make a tenant")
    create.add_argument("--name", required=True, metavar="N")
    create.add_argument(
        "--code",
        default="",
        metavar="C",
        help="six letters or digits; drawn when left out",
    )
    create.add_argument("--time-zone", default="UTC", metavar="Z", help="such as Australia/Sydney")
    create.set_defaults(run=_create)

    chosen = commands.add_parser("settings", help="what a tenant chose").add_subparsers(required=True, metavar="ACT")
    change = chosen.add_parser("set", help="change settings")
    change.add_argument("--tenant", required=True, metavar="C")
    change.add_argument("changes", nargs="+", metavar="NAME=VALUE")
    change.set_defaults(run=_set)

    member = commands.add_parser("member", help="people of the office").add_subparsers(required=True, metavar="ACT")
    add = member.add_parser("add", help="give somebody a sign-in and a role")
    add.add_argument("--tenant", required=True, metavar="C")
    add.add_argument("--email", required=True, metavar="E")
    add.add_argument(
        "--role",
        required=True,
        choices=Role.values,
        metavar="R",
        help=" · ".join(Role.values),
    )
    add.add_argument("--name", default="", metavar="N")
    add.set_defaults(run=_add)


def _create(arguments: argparse.Namespace) -> Outcome:
    tenant = create_tenant(
        name=arguments.name,
        code=arguments.code,
        time_zone=arguments.time_zone,
        at=timezone.now(),
        via="cli:",
    )
    return Outcome(
        {"tenant": tenant.code},
        f"Made the tenant {tenant.name} with the code {tenant.code}: {settings.BASE_URL}/s-{tenant.code}/",
    )


def _set(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    changes = {}
    for change in arguments.changes:
        name, sign, value = change.partition("=")
        if not sign:
            raise SettingRefused(
                f"{change!r} is no setting.",
                fix="Write NAME=VALUE, such as portal_open=yes.",
            )
        changes[name.strip()] = value
    found = change_settings(tenant=tenant, changes=changes, by=terminal_actor(tenant), at=timezone.now())
    return Outcome(
        {"settings": found},
        "\n".join(f"{name} = {'' if value is None else value}" for name, value in found.items()),
    )


def _add(arguments: argparse.Namespace) -> Outcome:
    tenant = tenant_named(arguments.tenant)
    added = add_member(
        tenant=tenant,
        email=arguments.email,
        role=arguments.role,
        name=arguments.name,
        by=terminal_actor(tenant),
        at=timezone.now(),
    )
    # In the fragment, as every secret in a link: servers and proxies never see it.
    link = f"{settings.BASE_URL}/s-{tenant.code}/console/welcome/#t={quote(added.token)}"
    return Outcome(
        {"user": added.user.username, "sign_in_link": link},
        f"{added.user.username} is {arguments.role}. To choose a password: {link}",
    )
