"""All that `trio-gate check` remarks on a sound configuration, in the order in which it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.judging.check_names import name_lines
from trio_gate.cli.judging.check_newer import newer_lines
from trio_gate.cli.judging.check_outcome import outcome_lines
from trio_gate.cli.judging.check_sense import sense_lines
from trio_gate.cli.judging.check_words import word_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.config.model import Config


def remark_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    yield from newer_lines(config)
    yield from word_lines(config)
    yield from name_lines(config)
    yield from sense_lines(config)
    yield from outcome_lines(config)
