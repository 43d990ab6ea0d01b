"""Authentication on the admin listener: a token in a header or a first frame, the code of a sign-in link, or the page's session.

Rule: tokens are compared by hash, in constant time, and a wrong one is answered late. A cookie counts only if the browser says that the listener's own page sent it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import TYPE_CHECKING

from trio_gate.errors import Malformed, Unauthenticated
from trio_gate.shell.admin.http_request import bearer, cookie, link_code, own_page
from trio_gate.shell.admin.sessions import COOKIE, LIFE, Sessions
from trio_gate.shell.net.plain_response import answer
from trio_gate.shell.wrong_tokens import WrongTokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.config.model import Person
    from trio_gate.shell.admin.connection_limits import AdminConnection
    from trio_gate.shell.admin.http_request import AdminRequest
    from trio_gate.shell.admin.sessions import Session
    from trio_gate.shell.approval.links import SignInLinks

log = logging.getLogger(__name__)


class SignIn:
    """Authenticates people by token, session or sign-in link. `people`: those of the configuration, by name."""

    def __init__(self, people: Mapping[str, Person], links: SignInLinks, wrong: WrongTokens | None = None) -> None:
        self._people = people
        self._links = links
        self._sessions = Sessions(people)
        self._wrong = wrong or WrongTokens()

    async def bearer(self, request: AdminRequest, connection: AdminConnection) -> Person | None:
        """The person whose token the Authorization header holds, None without one. Raises as `person`, and Malformed."""
        token = bearer(request)
        return None if token is None else await self.person(token, connection)

    async def person(self, token: str, connection: AdminConnection) -> Person:
        """The person whose token it is; the connection is counted as theirs from now on.

        Raises:
            Unauthenticated: the token is unknown.
            Overloaded: it is unknown, and so are many others from the same source.
        """
        found = self._owner(token)
        if found is None:
            connection.wrong = True
            await self._wrong.slow_down(connection.source)
            raise Unauthenticated("this token is unknown", status=401)
        connection.proven(found.name)
        return found

    async def speaker(self, request: AdminRequest, connection: AdminConnection) -> tuple[Person | None, Session | None]:
        """The person who opens a channel, and the session if a cookie named them; (None, None) without header and cookie.

        Raises:
            Denied: another page sent the cookie.
            Unauthenticated: the session is over, or as `person`.
        """
        person, name = await self.bearer(request, connection), cookie(request, COOKIE)
        if person is not None or name is None:
            return person, None
        own_page(request)
        session = self._sessions.find(name)
        if session is None:
            raise Unauthenticated("this session has ended: sign in again", status=401)
        connection.proven(session.person.name)
        return self._people[session.person.name], session

    async def answer(self, request: AdminRequest, connection: AdminConnection) -> bytes:
        """The response to a request about the session: POST with a token or a link's code begins one, GET names its person, DELETE ends it."""
        name = cookie(request, COOKIE) or ""
        match request.method:
            case "GET":
                session = self._sessions.find(name)
                return answer(200, session.person.name) if session else answer(401, "nobody is signed in here")
            case "POST":
                own_page(request)
                return await self._begin(request, connection, name)
            case "DELETE":
                own_page(request)
                self._sessions.end(name)
                return answer(200, "signed out", more=[_cookie("", 0)])
            case _:
                raise Malformed("use GET, POST or DELETE", status=405)

    async def _begin(self, request: AdminRequest, connection: AdminConnection, before: str) -> bytes:
        code = link_code(request)
        person = await (self.bearer(request, connection) if code is None else self._linked(code, connection))
        if person is None:
            raise Unauthenticated("to sign in, send a person's token: Authorization: Bearer TOKEN", status=401)
        self._sessions.end(before)
        log.info("%s signed in to the page", person.name)
        return answer(200, person.name, more=[_cookie(self._sessions.begin(person), LIFE)])

    async def _linked(self, code: str, connection: AdminConnection) -> Person:
        """The person whose sign-in link has this code. Raises Unauthenticated, Overloaded as `person`, and AuditUnavailable."""
        made = self._links.spend(code)
        found = self._people.get(made.name) if made is not None else None
        if made is None or found is None or found.token_sha256 != made.token_sha256:
            connection.wrong = True
            await self._wrong.slow_down(connection.source)
            raise Unauthenticated("this link was used already, is too old, or was never made", status=401)
        await self._links.used(found, connection.source)
        connection.proven(found.name)
        return found

    def _owner(self, token: str) -> Person | None:
        offered = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        found = None
        for person in self._people.values():
            if hmac.compare_digest(person.token_sha256, offered):
                found = person
        return found


def _cookie(value: str, seconds: int) -> tuple[bytes, bytes]:
    attributes = f"Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    return b"set-cookie", f"{COOKIE}={value}; {attributes}".encode("ascii")
