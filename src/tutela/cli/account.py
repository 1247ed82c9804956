"""`tutela account`: people of the server, from the machine it runs on."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli.extras import needs_extra
from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import read_settings
from tutela.model.errors import UsageError
from tutela.store import Store
from tutela.store.audit import By

with needs_extra("The server's accounts", "server"):
    from tutela.access.people import People
    from tutela.access.permissions import Role

app = command_app()
_BY = By("the command line")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account.")]


@app.callback(epilog="[bold]Example[/]\n\ntutela account invite anna --role curator")
def account() -> None:
    """Look after the server's accounts from its own machine, where nobody can sign in any more, say."""


@app.command("list", epilog="[bold]Example[/]\n\ntutela account list")
def list_accounts() -> None:
    """Name every account with its roles."""
    settings = read_settings()
    with Store.of(settings) as store:
        found = People(store.database, settings).accounts()
        if not found:
            Talk().say("No accounts yet. `tutela serve` prints a link that makes the first.")
        for one in found:
            roles = " ".join(sorted(role.value for role in one.roles)) or "-"
            factor = "second factor" if one.has_second_factor else "no second factor"
            typer.echo(f"{one.name}\t{one.state}\t{roles}\t{factor}")


@app.command("invite", epilog="[bold]Example[/]\n\ntutela account invite anna --role curator --role matcher")
def invite(
    name: Name,
    role: Annotated[list[str], typer.Option(metavar="ROLE", help="A role; may be given several times.")],
) -> None:
    """Make an account and print the key of its one-time link, for /invite?key=..."""
    settings = read_settings()
    with Store.of(settings) as store:
        _, secret = People(store.database, settings).invite(name, _roles(role), _BY)
    typer.echo(f"/invite?key={secret}")


@app.command("link", epilog="[bold]Example[/]\n\ntutela account link anna")
def link(name: Name) -> None:
    """Print the key of a one-time link by which an account gets a new password."""
    settings = read_settings()
    with Store.of(settings) as store:
        people = People(store.database, settings)
        secret = people.new_link(people.named(name).id, _BY)
    typer.echo(f"/invite?key={secret}")


@app.command("roles", epilog="[bold]Example[/]\n\ntutela account roles anna --role reader")
def roles(
    name: Name,
    role: Annotated[list[str], typer.Option(metavar="ROLE", help="A role; may be given several times.")],
) -> None:
    """Give an account these roles and no others."""
    settings = read_settings()
    with Store.of(settings) as store:
        people = People(store.database, settings)
        people.set_roles(people.named(name).id, _roles(role), _BY)
    Talk().say(f"{name} has {', '.join(role)}.")


@app.command("disable", epilog="[bold]Example[/]\n\ntutela account disable anna")
def disable(name: Name) -> None:
    """Shut an account out, with its sign-ins and tokens."""
    settings = read_settings()
    with Store.of(settings) as store:
        people = People(store.database, settings)
        people.disable(people.named(name).id, _BY)
    Talk().say(f"{name} is shut out.")


@app.command("drop-second-factor", epilog="[bold]Example[/]\n\ntutela account drop-second-factor anna")
def drop_second_factor(name: Name) -> None:
    """Drop the second factor of an account whose phone and recovery codes are lost."""
    settings = read_settings()
    with Store.of(settings) as store:
        people = People(store.database, settings)
        people.drop_second_factor(people.named(name).id, _BY)
    Talk().say(f"{name} signs in by password alone.")


def _roles(names: list[str]) -> list[Role]:
    try:
        return [Role(name) for name in names]
    except ValueError:
        raise UsageError(reason=f"A role is one of {', '.join(role.value for role in Role)}.") from None
