"""Two filters for Swift's proxy, which runs in its own environment: authentication and a cache."""

from __future__ import annotations

import json
from typing import Any

KEY_ID, SECRET, TOKEN = "ASIASWIFTVERIFIES001", "swiftSecret/+0000000000000000000000001", "swift-session-token/+=="


def auth_factory(_: Any, **settings: str) -> Any:
    """tempauth with one user, whose name is an AWS key id; requests must have the session token."""
    from swift.common.middleware.tempauth import TempAuth  # noqa: PLC0415 - not in the gateway's environment

    class Auth(TempAuth):
        def __init__(self, app: Any) -> None:
            super().__init__(app, settings)
            self.users[KEY_ID] = {"key": SECRET, "url": "$HOST/v1/AUTH_only", "groups": [".admin"]}

        def get_groups(self, env: dict[str, Any], token: str) -> str | None:
            return super().get_groups(env, token) if env.get("HTTP_X_AMZ_SECURITY_TOKEN") == TOKEN else None

    return Auth


def cache_factory(_: Any, **__: str) -> Any:
    """What tempauth needs of memcached, without another process."""

    class Cache(dict):
        def get(self, key: str, **_: Any) -> Any:
            return super().get(key)

        def set(self, key: str, value: Any, **_: Any) -> None:
            self[key] = json.loads(json.dumps(value))

        def delete(self, key: str, **_: Any) -> None:
            self.pop(key, None)

        def incr(self, _: str, delta: int = 1, **__: Any) -> int:
            return delta

        decr = incr

    cache = Cache()
    return lambda app: lambda env, start: app({**env, "swift.cache": cache}, start)
