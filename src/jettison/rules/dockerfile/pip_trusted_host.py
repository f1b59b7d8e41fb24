"""pip told not to check who answers."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for tool, name in (("pip", "--trusted-host"), ("uv", "--allow-insecure-host"), ("uv", "--trusted-host")):
        for _, call in case.calls(tool):
            option = call.option(name)
            if option:
                yield Find(
                    f"{name} {option.text or '…'}: the certificate of this host is not checked", call.command.span
                )
    for site in case.named("ENV"):
        for name, value, _ in site.instruction.pairs():
            if name in ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST") and value:
                yield Find(
                    f"{name}: the certificate of this host is not checked, in containers as well", site.instruction.span
                )


PIP_TRUSTED_HOST = Rule(
    name="pip-trusted-host",
    title="certificates of a package index are not checked",
    severity="medium",
    confidence="high",
    why="Whoever is between the builder and the host can then put any code into the image. A private index needs its "
    "authority's certificate instead: `--cert`, or `PIP_CERT`, by a secret mount where it is secret.",
    sources=("pip's documentation, --trusted-host",),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.11\nRUN pip install --trusted-host index.example flask==3.0.3\n"),
        Example("FROM python:3.11\nENV PIP_TRUSTED_HOST=index.example\n"),
    ),
    good=(Example("FROM python:3.11\nRUN pip install --index-url https://index.example/simple flask==3.0.3\n"),),
)
