"""sudo in front of an installer."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule
from jettison.rules.dockerfile.users import who

_TOOLS = ("pip", "uv", "conda", "poetry", "npm")


def _check(case: Case) -> Iterator[Find]:
    for tool in _TOOLS:
        for site, call in case.calls(tool):
            if "sudo" in call.wrappers:
                needless = who(case, site).root is True
                yield Find(
                    f"sudo in front of {tool}: "
                    + (
                        "RUN is root here already"
                        if needless
                        else "environment, PATH and cache are not those of the user"
                    ),
                    call.command.span,
                )


PIP_AS_SUDO = Rule(
    name="pip-as-sudo",
    title="sudo in front of pip",
    severity="low",
    confidence="high",
    why="`sudo` clears the environment: `PIP_*` and `VIRTUAL_ENV` are lost, `PATH` is another one, and the cache is in "
    "another home. Install as root before `USER`, or into a virtual environment that belongs to the user; then the "
    "image needs no sudo either.",
    sources=("sudoers(5), env_reset, secure_path", "hadolint DL3004"),
    check=_check,
    fixes="none",
    bad=(Example("FROM python:3.11\nUSER app\nRUN sudo pip install flask==3.0.3\n"),),
    good=(Example("FROM python:3.11\nRUN pip install flask==3.0.3\n"),),
    aliases=("DL3004",),
)
