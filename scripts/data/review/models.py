"""Botocore's models as the review needs them: operations, and the leaves of their inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader

from trio_gate.aws.iam.answer_members import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOADER = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
MAX_DEPTH = 12
"""Levels of an input or output that are searched; deeper ones repeat shapes."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string, blob, boolean or number in an input or output.

    Attributes:
        path: the members on the path, "*" for the values of a map.
        type: botocore's type.
        sensitive: whether the leaf or a shape on the path has this trait.
        closed: whether the model lists all its values.
    """

    path: tuple[str, ...]
    type: str
    sensitive: bool
    closed: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The path without "*"."""
        return tuple(part for part in self.path if part != "*")

    @property
    def text(self) -> bool:
        """Whether it may hold any text or bytes."""
        return self.type in {"string", "blob"} and not self.closed

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Modelled:
    """One operation of a model."""

    service: str
    name: str
    method: str
    signing_name: str
    inputs: tuple[Leaf, ...]
    outputs: tuple[Leaf, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name, in lower case."""
        return words(self.name)


def one_of(text: str) -> frozenset[str]:
    """The words of a text, separated by spaces."""
    return frozenset(text.split())


def services() -> list[str]:
    """The services for which botocore has a model."""
    found: list[str] = _LOADER.list_available_services("service-2")
    return found


def operations(service: str) -> Iterator[Modelled]:
    """The operations of a service, by name."""
    model = _LOADER.load_service_model(service, "service-2")
    metadata, shapes = model["metadata"], model["shapes"]
    for name, one in sorted(model["operations"].items()):
        yield Modelled(
            service=service,
            name=name,
            method=one["http"]["method"],
            signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
            inputs=tuple(_leaves(shapes, one["input"]["shape"])) if "input" in one else (),
            outputs=tuple(_leaves(shapes, one["output"]["shape"])) if "output" in one else (),
        )


def _leaves(
    shapes: Mapping[str, Any], name: str, path: tuple[str, ...] = (), above: tuple[str, ...] = (), *, sensitive: bool = False
) -> Iterator[Leaf]:
    shape = shapes[name]
    sensitive = sensitive or bool(shape.get("sensitive"))
    if name in above or len(path) > MAX_DEPTH:
        return
    inside = (*above, name)
    if shape["type"] == "structure":
        for member, ref in shape["members"].items():
            yield from _leaves(shapes, ref["shape"], (*path, member), inside, sensitive=sensitive)
    elif shape["type"] == "list":
        yield from _leaves(shapes, shape["member"]["shape"], path, inside, sensitive=sensitive)
    elif shape["type"] == "map":
        yield from _leaves(shapes, shape["value"]["shape"], (*path, "*"), inside, sensitive=sensitive)
    else:
        yield Leaf(path, shape["type"], sensitive, "enum" in shape)
