"""Which members carry code, and how lists of it become one text."""

import pytest

from tests.kit.aws.naming import catalog, place
from trio_gate.content.code import CODE, OPEN, Code, joined

OF_MAPS = {
    *(("ssm", name) for name in ("Commands", "Script", "command", "commandLine", "commands", "playbook", "script")),
    ("sns", "Policy"),
    ("sqs", "Policy"),
}
"""Keys of maps, which no model names: parameters of SSM's own documents, attributes of topics and queues."""


def members(service: str, operation: str | None) -> set[str]:
    """The names of all members in the inputs of a service, or of one operation."""
    place(service)
    found, todo, seen = set[str](), [], set[str]()
    for name, made in catalog().service(service).operations.items():
        if operation in (None, name) and made.input is not None:
            todo.append(made.input)
    while todo:
        shape = todo.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.type == "structure":
            found |= set(shape.members)
        todo += [member.shape for member in shape.members.values()]
    return found


@pytest.mark.parametrize("where", sorted({where for where, _ in {**CODE, **dict.fromkeys(OPEN)}}))
def test_every_member_is_in_the_model(where):
    service, _, operation = where.partition(".")
    listed = {name for at, name in {**CODE, **dict.fromkeys(OPEN)} if at == where and (at, name) not in OF_MAPS}
    assert listed <= members(service, operation or None)


@pytest.mark.parametrize(
    ("service", "operation", "member", "what"),
    [
        ("ssm", "SendCommand", "commands", "script"),
        ("iam", "PutUserPolicy", "PolicyDocument", "policy"),
        ("sagemaker", "CreateNotebookInstanceLifecycleConfig", "Content", "script"),
        ("sagemaker", "UpdateModelCard", "Content", None),
        ("ssm", "SendCommand", "workingDirectory", None),
        ("", "", "commands", None),
    ],
)
def test_a_member_is_code_by_its_service_and_name(service, operation, member, what):
    assert Code(service=service, operation=operation).what(member) == what


@pytest.mark.parametrize(
    ("value", "what", "text"),
    [
        ("a", "script", "a"),
        (b"\0", "archive", b"\0"),
        (["a", "b"], "script", "a\nb"),
        (["sh", "-c", "rm -rf /"], "command", "sh -c 'rm -rf /'"),
        (["{}", "{}"], "policy", None),
        ([], "script", None),
        (["a", 1], "script", None),
        ({"a": "b"}, "input", None),
        (None, "script", None),
    ],
)
def test_lists_are_joined_as_what_they_are(value, what, text):
    assert joined(value, what) == text
