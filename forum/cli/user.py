"""`forum user`: accounts and tokens, for whoever has the server's folder."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from forum.adapters import passwords
from forum.adapters.clock import SystemClock
from forum.cli import data_option, json_option, opened, report, run, say, settings_for
from forum.errors import BadInput, NotFound
from forum.ports.accounts import Person
from forum.services import permissions
from forum.services.form_errors import NO_NAME
from forum.services.keys import digest_of_no_key
from forum.services.sessions import organising
from forum.settings import Settings
from forum.stories.visible_text import line, name_fault, seen


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
    type=click.Choice(permissions.ROLES),
    help="What the person may do, in every commission; give it again for a second role.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@data_option
@json_option
def add(
    login: str, *, name: str, held: tuple[str, ...], password_stdin: bool, data: Path | None, as_json: bool
) -> None:
    """Add an account with the login LOGIN. Asks for its password, twice."""
    if not seen(login) or any(c.isspace() for c in login) or name_fault(login):
        raise BadInput("The login must be a short name or an e-mail address, without spaces.")
    if name_fault(name):
        raise BadInput(NO_NAME)
    password = _password(from_stdin=password_stdin)
    chosen = tuple(role for role in permissions.ROLES if role in held)
    person = run(_add(settings_for(data), line(login), line(name) or login, chosen, password))
    if as_json:
        report(_facts(person))
    else:
        click.echo(f"{person.login} can sign in now, as {', '.join(person.roles)}.")


async def _add(settings: Settings, login: str, name: str, held: tuple[str, ...], password: str) -> Person:
    person = Person(
        id=secrets.token_hex(16),
        login=login,
        name=name,
        roles=held,
        password=await passwords.hashed(password),
        created_at=SystemClock().now(),
    )
    async with opened(settings, make=True) as store, store.begin() as work:
        await work.people.add_person(person)
        if permissions.ADMINISTRATOR in held:
            # Whoever finds the first administrator's link now comes too late: a link that has run out replaces it.
            await work.people.set_first_link(digest_of_no_key(), person.created_at)
    return person


@user.command(name="password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@data_option
def password_(login: str, *, password_stdin: bool, data: Path | None) -> None:
    """Give LOGIN a new password, sign them out everywhere, revoke their tokens. Asks for the password, twice."""
    run(_give(settings_for(data), login, _password(from_stdin=password_stdin)))
    click.echo(f"{login} has a new password, and has to sign in again. Tokens made before are revoked.")


async def _give(settings: Settings, login: str, password: str) -> None:
    hashed = await passwords.hashed(password)
    async with opened(settings) as store, store.begin() as work:
        person = await work.people.by_login(login)
        if person is None:
            raise NotFound("There is no account %(login)s. See: forum user list", login=login)
        await organising.replace_password(work, person.id, hashed, SystemClock().now())


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
        click.echo(f"{person.login}\t{person.name}\t{', '.join(person.roles)}")
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
        async with store.read() as work:
            person = await work.people.by_login(login)
        if person is None:
            raise NotFound("There is no account %(login)s. See: forum user list", login=login)
        if not permissions.may(person.roles, "run sessions"):
            raise BadInput("%(login)s is no organiser, so a token would open nothing.", login=login)
        made, secret = await organising.make_token(store, SystemClock(), person, label)
        return made.id, secret


def _password(*, from_stdin: bool) -> str:
    """The new password, from standard input or asked for. Raises BadInput where it is too short or too long."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = passwords.prepared(password)
    if not passwords.FEWEST <= len(password) <= passwords.MOST:
        raise BadInput(
            "Use a password of %(fewest)s to %(most)s characters. A few words in a row are good.",
            fewest=passwords.FEWEST,
            most=passwords.MOST,
        )
    return password


def _facts(person: Person) -> dict[str, object]:
    return {"id": person.id, "login": person.login, "name": person.name, "roles": list(person.roles)}
