"""Proposes what a call does, by its name and the members of its input: runs code, shares, destroys, removes a protection, spends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.data.review import losses, spending
from scripts.data.review.models import one_of
from scripts.data.review.sharing import shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.data.review.models import Leaf, Modelled
    from trio_gate.aws.call import Access

_CODE = one_of(
    "zipfile userdata templatebody templateurl buildspec buildspecoverride scriptbody pythonscript scalacode inlinecode codecontent"
    " commands command entrypoint functioncode connectionfunctioncode codeblock imageuri containerimage dockerfile dockerfiletemplatedata"
    " startcommand buildcommand statemachinedefinition workflowdefinition definitionstring definitionbody definition hooks"
    " lifecycleconfigcontent studiolifecycleconfigcontent oncreate onstart additionallaunchargs scriptlocation code"
    " requestmappingtemplate responsemappingtemplate applicationcode sqlqueries handler bootstrapactions startupscript attackscript"
    " customcode"
)
_RUNNERS = re.compile(
    r"^(?:Create|Update|Put|Publish|Register|Run|Start|Send|Execute|Submit|Request|Modify|Deploy|Import|Validate|Test|Evaluate|Invoke)"
)


def code(operation: Modelled) -> Iterator[Leaf]:
    """Members that hold code, a script, a command or a template."""
    if not _RUNNERS.match(operation.name):
        return
    for leaf in operation.inputs:
        low = leaf.names[-1].lower() if leaf.names else ""
        if leaf.text and low in _CODE and (low != "code" or len(leaf.names) < 3):
            yield leaf


def marks(operation: Modelled, access: Access) -> Iterator[tuple[str, str]]:
    """Marks for the effect, each with its reason; a condition follows `?`."""
    yield from spending.marks(operation, access)
    if access in {"read", "list"}:
        return
    carried = tuple(dict.fromkeys(map(str, code(operation))))
    if carried:
        yield f"runs?{','.join(carried)}", "a member carries what will run"
    yield from shares(operation, access)
    yield from losses.marks(operation)
