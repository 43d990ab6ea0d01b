"""The answer of AWS that holds a session's credentials, and the same answer with a placeholder in their place.

Rule: an answer is read strictly and written again from what was read, so nothing that was not looked at goes to the agent. One that
holds anything but exactly one set of credentials is not passed on, nor is one where a credential stands in a second place.

Theory: `<AssumeRoleResponse><AssumeRoleResult><Credentials>…` (docs.aws.amazon.com/STS/latest/APIReference), and
`<CreateSessionResult><Credentials>…` (docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trio_gate.aws.params.readers.xml_body import read_xml
from trio_gate.config.model import KEY_TEXT
from trio_gate.errors import Malformed
from trio_gate.signing.sigv4 import EXPRESS_FIELD, Credentials
from trio_gate.text.markup import escaped
from trio_gate.values import value_class

if TYPE_CHECKING:
    from trio_gate.aws.params.readers.xml_body import Element
    from trio_gate.sessions.session import Placeholder, Sent

_STS = "https://sts.amazonaws.com/doc/2011-06-15/"
_RESULTS = tuple((f"{name}Response", f"{name}Result") for name in ("AssumeRole", "AssumeRoleWithWebIdentity"))
_PARTS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")


class NoSessionError(ValueError):
    """An answer does not hold exactly one session."""


@value_class
class Answer:
    """An answer with a session.

    Attributes:
        credentials: AWS's own, with their end.
        role_session: the ARN of the role's session; None where the answer names none.
    """

    credentials: Credentials
    role_session: str | None
    _root: Element
    _holder: Element

    def credentials_for(self, sent: Sent, role: str | None) -> Credentials:
        """AWS's credentials, as the calls of the session send them. Raises NoSessionError if they are another role's than `role`."""
        if sent.express:
            return replace(self.credentials, token_field=EXPRESS_FIELD)
        given, asked, got = self.of_account_of(role), (role or "").split(":"), (self.role_session or "").split(":")
        if got[5].split("/")[1] != asked[5].rpartition("/")[2]:
            raise NoSessionError(f"it is of another role than {role}")
        return given

    def of_account_of(self, role: str | None) -> Credentials:
        """AWS's credentials of a role in the account of `role`. Raises NoSessionError if they are of none, or of another account."""
        asked, got = (role or "").split(":"), (self.role_session or "").split(":")
        if len(asked) != 6 or len(got) != 6 or (got[1], got[2], got[4]) != (asked[1], "sts", asked[4]):
            raise NoSessionError(f"it is of another account than {role}")
        if not got[5].startswith("assumed-role/"):
            raise NoSessionError(f"it is of no role, and {role} was asked for")
        return self.credentials

    def written(self, placeholder: Placeholder) -> bytes:
        """The answer with a placeholder instead. Raises NoSessionError where one of the credentials would still be in it."""
        texts = dict(zip(_PARTS, (placeholder.key_id, placeholder.secret, placeholder.token), strict=False))
        for child in self._holder.children:
            child.parts[:] = [texts.get(child.name, child.text)]
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{_text(self._root, root=True)}'
        kept = self.credentials
        if any(secret and secret in text for secret in (kept.access_key_id, kept.secret_access_key, kept.session_token)):
            raise NoSessionError("a credential stands in a second place")
        return text.encode()


def read_answer(body: bytes) -> Answer:
    """Read a successful answer. Raises NoSessionError."""
    try:
        root = read_xml(body)
        holder = _only(root if root.name == "CreateSessionResult" else _result(root), "Credentials")
        key, secret, token, end = (_only(holder, name).text for name in _PARTS)
        expires = datetime.fromisoformat(end)
    except (Malformed, ValueError):
        raise NoSessionError("it does not hold exactly one set of credentials") from None
    plain = len(holder.children) == len(_PARTS) and not any(child.children for child in holder.children)
    if not plain or expires.tzinfo is None or not all(KEY_TEXT.fullmatch(part) for part in (key, secret, token)):
        raise NoSessionError("its credentials are not of the form that AWS documents")
    found = [child for part in root.children for child in part.children if child.name == "AssumedRoleUser"]
    role_session = _only(found[0], "Arn").text if len(found) == 1 else None
    given = Credentials(access_key_id=key, secret_access_key=secret, session_token=token, expires=expires.astimezone(UTC))
    return Answer(credentials=given, role_session=role_session, _root=root, _holder=holder)


def own_answer(placeholder: Placeholder, expires: datetime, request_id: str) -> bytes:
    """GetSessionToken's answer, made here."""
    end = expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    texts = zip(_PARTS, (placeholder.key_id, placeholder.secret, placeholder.token, end), strict=True)
    held = "".join(f"<{name}>{escaped(text)}</{name}>" for name, text in texts)
    return (
        f'<GetSessionTokenResponse xmlns="{_STS}"><GetSessionTokenResult><Credentials>{held}</Credentials></GetSessionTokenResult>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetSessionTokenResponse>"
    ).encode()


def _result(root: Element) -> Element:
    """The result in STS's answer to a call that assumes a role. Raises ValueError."""
    (found,) = (child for child in root.children if child.name.endswith("Result"))
    if (root.name, found.name) not in _RESULTS:
        raise ValueError(root.name)
    return found


def _only(element: Element, name: str) -> Element:
    """The only child of this name. Raises ValueError if there is none, or more than one."""
    (found,) = (child for child in element.children if child.name == name)
    return found


def _text(element: Element, *, root: bool = False) -> str:
    space = f' xmlns="{escaped(element.namespace, quote=True)}"' if root and element.namespace else ""
    inside = "".join(map(_text, element.children)) if element.children else escaped(element.text)
    return f"<{element.name}{space}>{inside}</{element.name}>"
