"""AssumeRoleWithWebIdentity as AWS has it: it comes unsigned, and its token decides.

moto wants a signature of every request and looks at no token. `serve` changes both.
"""

from __future__ import annotations

from typing import Any

from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from .aws import WEB_IDENTITY, WEB_IDENTITY_EXPIRED

_ACTION = "AssumeRoleWithWebIdentity"


def serve() -> None:
    """From now on, accept this call with a token that is known, and without a signature."""
    checked, answered = TokenResponse._authenticate_and_authorize_normal_action, TokenResponse.assume_role_with_web_identity

    def unsigned(self: Any, resource: str = "*") -> None:
        if self._get_action() != _ACTION or "Authorization" in self.headers:
            checked(self, resource)

    def with_token(self: Any) -> Any:
        shown = self._get_param("WebIdentityToken")
        if shown == WEB_IDENTITY_EXPIRED:
            raise STSClientError("ExpiredTokenException", "Token must be redeemed within 24 hours of issuance")
        if shown != WEB_IDENTITY or "Authorization" in self.headers:
            raise STSClientError("InvalidIdentityToken", "No OpenIDConnect provider found in your account for this token")
        return answered(self)

    TokenResponse._authenticate_and_authorize_normal_action = unsigned
    TokenResponse.assume_role_with_web_identity = with_token
