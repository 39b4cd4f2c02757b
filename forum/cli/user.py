"""`forum user`: accounts and tokens, for whoever has the server's folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from forum.adapters import passwords
from forum.adapters.clock import SystemClock
from forum.cli import data_option, json_option, opened, report, run, say, settings_for
from forum.errors import BadInput, FormErrors, NotFound
from forum.ports import Store
from forum.ports.accounts import Person
from forum.ports.passwords import FEWEST, MOST
from forum.services import accounts, audit, permissions, second_steps
from forum.services.accounts import NewAccount
from forum.services.form_errors import Findings
from forum.settings import Settings
from forum.stories.visible_text import trimmed


@click.group()
def user() -> None:
    """Add accounts, list them, and make organisers' tokens."""


@user.command()
@click.argument("login")
@click.option("--name", default="", metavar="NAME", help="The person's name. Without it: the login.")
@click.option(
    "--role",
    "held",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in permissions.ROLES]),
    help="What the person may do; give it again for a second role.",
)
@click.option("--commission", default="", metavar="ID", help="The commission in which alone that counts; else every.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@data_option
@json_option
def add(
    login: str,
    *,
    name: str,
    held: tuple[str, ...],
    commission: str,
    password_stdin: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """Add an account with the login LOGIN. Asks for its password, twice."""
    name = name if trimmed(name) else login
    with _in_one_line():
        # Before a password is asked for in vain.
        found = Findings()
        accounts.check_names(found, login, name)
        found.stop()
        asked = NewAccount(login, name, held, _password(from_stdin=password_stdin), commission=commission)
        person = run(_add(settings_for(data), asked))
    if as_json:
        report(_facts(person))
    else:
        click.echo(f"{person.login} can sign in now, as {_roles(person)}.")


async def _add(settings: Settings, asked: NewAccount) -> Person:
    async with opened(settings, make=True) as store:
        return await accounts.add_account(store, passwords, SystemClock(), asked)


@user.command(name="password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@data_option
def password_(login: str, *, password_stdin: bool, data: Path | None) -> None:
    """Give LOGIN a new password, sign them out everywhere, revoke their tokens. Asks for the password, twice."""
    with _in_one_line():
        run(_give(settings_for(data), login, _password(from_stdin=password_stdin)))
    click.echo(f"{login} has a new password, and has to sign in again. Tokens made before are revoked.")


async def _give(settings: Settings, login: str, password: str) -> None:
    async with opened(settings) as store:
        person = await _holder(store, login)
        await accounts.give_password(store, passwords, SystemClock(), person.id, password)


@user.command(name="second-step-off")
@click.argument("login")
@data_option
def second_step_off(login: str, *, data: Path | None) -> None:
    """Turn the second step of LOGIN off, who lost their phone and recovery codes, and sign them out everywhere."""
    run(_second_step_off(settings_for(data), login))
    click.echo(f"{login} signs in with the password alone now, and can turn the second step on again.")


async def _second_step_off(settings: Settings, login: str) -> None:
    async with opened(settings) as store:
        person = await _holder(store, login)
        await second_steps.turn_off(store, SystemClock(), person.id, by=audit.BY_COMMAND)


@user.command(name="list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """List the accounts: login, name and roles."""
    people = run(_all(settings_for(data)))
    if as_json:
        report({"people": [_facts(person) for person in people]})
        return
    for person in people:
        click.echo(f"{person.login}\t{person.name}\t{_roles(person)}")
    if not people:
        say("Nobody has an account yet.")


async def _all(settings: Settings) -> list[Person]:
    async with opened(settings) as store, store.read() as work:
        return await work.people.list_people()


@user.command()
@click.argument("login")
@click.option("--label", default="made on the command line", metavar="TEXT", help="What the token is for.")
@data_option
@json_option
def token(login: str, label: str, data: Path | None, as_json: bool) -> None:
    """Make a token with which a program acts as the organiser LOGIN, and show it: this once, never again."""
    made, secret = run(_token(settings_for(data), login, label))
    if as_json:
        report({"id": made, "label": label, "token": secret})
    else:
        say("This is the only time the token is shown. Whoever has it may run sessions.")
        click.echo(secret)


async def _token(settings: Settings, login: str, label: str) -> tuple[str, str]:
    async with opened(settings) as store:
        person = await _holder(store, login)
        if not permissions.reach(person, "run sessions"):
            raise BadInput("%(login)s is no organiser, so a token would open nothing.", login=login)
        made, secret = await accounts.make_token(store, SystemClock(), person, label)
        return made.id, secret


async def _holder(store: Store, login: str) -> Person:
    """Returns the account with this login. Raises NotFound."""
    async with store.read() as work:
        person = await work.people.by_login(login)
    if person is None:
        raise NotFound("There is no account %(login)s. See: forum user list", login=login)
    return person


def _password(*, from_stdin: bool) -> str:
    """Reads the new password, from standard input or by asking for it twice. Raises BadInput for what is no text."""
    if from_stdin:
        try:
            return sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadInput("The password on standard input is no text in UTF-8.") from error
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Says what is wrong with an account in one line, all of the rule at once: here nobody sees a form with its hints.

    Raises BadInput in the place of FormErrors.
    """
    try:
        yield
    except FormErrors as error:
        if "login" in error.fields:
            raise BadInput("The login must be a short name or an e-mail address, without spaces.") from error
        if "password" in error.fields and error.fields["password"].values:
            raise BadInput(
                "Use a password of %(fewest)s to %(most)s characters. A few words in a row are good.",
                fewest=FEWEST,
                most=MOST,
            ) from error
        raise


def _facts(person: Person) -> dict[str, object]:
    in_one = {commission: list(roles) for commission, roles in person.roles_in.items()}
    return {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "roles": list(person.roles),
        "roles_in": in_one,
    }


def _roles(person: Person) -> str:
    """Returns a person's roles in words, as "organiser, moderator in 0123abcd"."""
    in_one = [f"{role} in {commission}" for commission, roles in person.roles_in.items() for role in roles]
    return ", ".join([*person.roles, *in_one])
