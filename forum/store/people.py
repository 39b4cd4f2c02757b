"""Accounts, sign-ins, the first administrator's link, tokens for machines."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from forum.errors import BadInput
from forum.ports.accounts import LOGIN_TAKEN, Person, Role, SignIn, Token
from forum.store.base import Area, Row, made, plain
from forum.store.tables import first_link
from forum.store.tables import person as people
from forum.store.tables import sign_in as sign_ins
from forum.store.tables import token as tokens
from forum.stories.visible_text import alike

_NOBODY: Final = "There is no such account."


class SqlPeople(Area):
    """The database's people. The contract is ports.accounts.People."""

    async def add_person(self, person: Person) -> None:
        """Adds an account. Raises BadInput(field="login") where the login is taken, compared as visible_text.alike
        does.
        """
        added = await self._link.add(
            people,
            {
                "id": person.id,
                "login": person.login,
                "login_key": alike(person.login),
                "name": person.name,
                "roles": list(person.roles),
                "roles_in": _roles_in(person.roles_in),
                "password": person.password,
                "created_at": person.created_at,
            },
        )
        if not added:
            raise BadInput(LOGIN_TAKEN, field="login")

    async def by_login(self, login: str) -> Person | None:
        """Returns the account with this login, compared as visible_text.alike does, or None."""
        for key in dict.fromkeys((alike(login), _key_before(login))):
            if rows := await self._link.rows(sa.select(people).where(people.c.login_key == key)):
                return _person(rows[0])
        return None

    async def list_people(self, *, lock: bool = False) -> list[Person]:
        """Returns all accounts in the order they were added. `lock` makes other units that lock or change them wait
        until this one ends.
        """
        wanted = sa.select(people).order_by(people.c.seq)
        rows = await self._link.rows(wanted.with_for_update(key_share=True) if lock else wanted)
        return [_person(row) for row in rows]

    async def set_roles(self, person: str, roles: Sequence[Role]) -> None:
        """Replaces a person's roles that count in every commission."""
        await self._link.change(sa.update(people).where(people.c.id == person).values(roles=list(roles)), _NOBODY)

    async def set_roles_in(self, person: str, roles_in: Mapping[str, Sequence[Role]]) -> None:
        """Replaces a person's roles that count in one commission alone, by the commission's id."""
        changed = sa.update(people).where(people.c.id == person).values(roles_in=_roles_in(roles_in))
        await self._link.change(changed, _NOBODY)

    async def set_password(self, person: str, password: str) -> None:
        """Replaces a person's password hash."""
        await self._link.change(sa.update(people).where(people.c.id == person).values(password=password), _NOBODY)

    async def sign_in(self, token: str, person: str, at: str, until: str) -> None:
        """Stores a sign-in that lasts until `until`."""
        await self.add_sign_in(SignIn(token, person, at, until))

    async def add_sign_in(self, begun: SignIn) -> None:
        """Stores a sign-in, and deletes those that have expired."""
        await self._link.run(sa.delete(sign_ins).where(sign_ins.c.until <= begun.at))
        await self._link.put(sign_ins, plain(begun))

    async def signed_in(self, token: str, at: str) -> Person | None:
        """Returns the person signed in with this token, or None where there is no such sign-in or it has expired."""
        found = await self.get_sign_in(token, at)
        return found[0] if found else None

    async def get_sign_in(self, token: str, at: str) -> tuple[Person, SignIn] | None:
        """Returns the sign-in with this token and whose it is, or None as `signed_in` does."""
        wanted = sa.select(people, *(column.label(f"its_{column.name}") for column in sign_ins.c))
        rows = await self._link.rows(
            wanted.join(sign_ins, sign_ins.c.person == people.c.id).where(
                sign_ins.c.token == token, sign_ins.c.until > at
            )
        )
        if not rows:
            return None
        return _person(rows[0]), SignIn(**{column.name: rows[0][f"its_{column.name}"] for column in sign_ins.c})

    async def sign_ins(self, person: str, at: str, most: int) -> list[SignIn]:
        """Returns at most `most` sign-ins of a person that have not expired, newest first."""
        wanted = sa.select(sign_ins).where(sign_ins.c.person == person, sign_ins.c.until > at)
        rows = await self._link.rows(wanted.order_by(sign_ins.c.at.desc(), sign_ins.c.token).limit(most))
        return [SignIn(**row) for row in rows]

    async def use_sign_in(self, token: str, day: str) -> None:
        """Notes the day on which a sign-in was last used; does nothing where there is none."""
        await self._link.run(sa.update(sign_ins).where(sign_ins.c.token == token).values(used_on=day))

    async def sign_out(self, token: str) -> None:
        """Ends one sign-in; does nothing where there is none."""
        await self._link.run(sa.delete(sign_ins).where(sign_ins.c.token == token))

    async def sign_out_everywhere(self, person: str, *, but: str = "") -> int:
        """Ends every sign-in of a person, but for one. Returns how many ended."""
        return await self._link.run(sa.delete(sign_ins).where(sign_ins.c.person == person, sign_ins.c.token != but))

    async def set_first_link(self, token: str, until: str) -> None:
        """Stores the link that makes the first administrator and invalidates any earlier one."""
        await self._link.put(first_link, {"only": 1, "token": token, "until": until})

    async def first_link_holds(self, token: str, at: str) -> bool:
        """Returns whether this is the current link and has not expired."""
        return bool(
            await self._link.rows(
                sa.select(first_link.c.only).where(first_link.c.token == token, first_link.c.until > at)
            )
        )

    async def use_first_link(self, token: str, at: str) -> bool:
        """Uses the link up. Returns True exactly once, and only before it expires."""
        used = sa.delete(first_link).where(first_link.c.token == token, first_link.c.until > at)
        return await self._link.run(used) == 1

    async def add_token(self, token: Token, secret: str) -> None:
        """Stores a token with the SHA-256 of its secret."""
        await self._link.put(tokens, {**plain(token), "secret": secret})

    async def tokens(self, person: str) -> list[Token]:
        """Returns a person's tokens, revoked ones too, in the order they were made."""
        rows = await self._link.rows(sa.select(tokens).where(tokens.c.person == person).order_by(tokens.c.seq))
        return [made(row, Token) for row in rows]

    async def revoke_token(self, person: str, token: str, at: str) -> None:
        """Revokes a token; the time of an earlier revocation stays. Raises NotFound where the person has no
        such token.
        """
        first = sa.case((tokens.c.revoked_at == "", at), else_=tokens.c.revoked_at)
        await self._link.change(
            sa.update(tokens).where(tokens.c.id == token, tokens.c.person == person).values(revoked_at=first),
            "There is no such token.",
        )

    async def token_with(self, secret: str) -> tuple[Person, Token] | None:
        """Returns the token with this secret and whose it is, or None where there is none or it was revoked."""
        wanted = sa.select(people, *(column.label(f"its_{column.name}") for column in tokens.c))
        rows = await self._link.rows(
            wanted.join(tokens, tokens.c.person == people.c.id).where(
                tokens.c.secret == secret, tokens.c.revoked_at == ""
            )
        )
        if not rows:
            return None
        return _person(rows[0]), Token(**{name: rows[0][f"its_{name}"] for name in Token.__dataclass_fields__})

    async def use_token(self, token: str, day: str) -> None:
        """Notes the day on which a token was last used."""
        await self._link.run(sa.update(tokens).where(tokens.c.id == token).values(used_on=day))


def _key_before(login: str) -> str:
    """Returns the key that accounts made before `alike` have: invisible characters are not left out of it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold())


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        roles=tuple(Role(role) for role in row["roles"]),
        password=row["password"],
        created_at=row["created_at"],
        roles_in={
            commission: tuple(Role(role) for role in held) for commission, held in (row["roles_in"] or {}).items()
        },
    )


def _roles_in(roles_in: Mapping[str, Sequence[Role]]) -> dict[str, list[Role]]:
    return {commission: list(held) for commission, held in roles_in.items() if held}
