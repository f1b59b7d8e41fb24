"""Secrets in ENV, ARG and LABEL."""

from collections.abc import Iterator

from jettison.finding import Severity
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.record import Confidence, Example, Find, Rule
from jettison.rules.dockerfile.secrets import in_address, known_token, secret_name, secret_value


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("ENV", "ARG", "LABEL"):
        for name, value, word in site.instruction.pairs():
            severity: Severity = "high" if site.stage in case.shipped else "medium"
            kind = site.instruction.name
            if what := known_token(value) or ("a password in an address" if in_address(value) else ""):
                yield Find(
                    f"{kind} {name} holds {what}: it is in the image for everyone to read",
                    word.span,
                    None,
                    (),
                    severity,
                )
            elif kind != "LABEL" and secret_name(name) and _given(site, kind, value):
                confidence: Confidence = "medium" if "$" in value else "low"
                yield Find(_message(kind, name, value), word.span, None, (), severity, confidence)


def _given(site: Site, kind: str, value: str) -> bool:
    """Whether a value may be a secret: a variable that the builder gives, or a text that is no switch or path."""
    if "$" not in value:
        return secret_value(value)
    text = value.strip("\"'${}").partition(":")[0]
    known = site.state.variables.get(text)
    return (
        kind == "ENV"
        and known is not None
        and known.kind == "arg"
        and (known.value is None or secret_value(known.value))
    )


def _message(kind: str, name: str, value: str) -> str:
    if "$" in value:
        return f"{kind} {name} keeps the build argument {value} in the image: its name says that it is a secret"
    return f"{kind} {name} looks like a secret: its value is in the image for everyone to read"


SECRET_IN_ENV = Rule(
    name="secret-in-env",
    title="a secret in ENV, ARG or LABEL",
    severity="high",
    confidence="high",
    why="The values of ENV and the defaults of ARG are written into the image's configuration and history; whoever "
    "can pull the image can read them. Give secrets to a RUN with `--mount=type=secret`, and to the service when "
    "it starts.\n\nTokens of known forms are told with high confidence, names that say secret (as BuildKit takes "
    "them apart) with less. Empty values, switches, paths, addresses and placeholders are left alone. No message "
    "repeats a value.",
    sources=("BuildKit: SecretsUsedInArgOrEnv", "Dockerfile reference, RUN --mount=type=secret"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM python:3.11-slim\nENV HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz0123456789\n"),
        Example("FROM python:3.11-slim\nARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\n"),
        Example("FROM python:3.11-slim\nENV DB_PASSWORD=correct-horse\n"),
        Example("FROM python:3.11-slim\nENV PIP_INDEX_URL=https://me:s3cr3t-word@example.org/simple\n"),
    ),
    good=(
        Example('FROM python:3.11-slim\nENV HF_TOKEN="" API_KEY_FILE=/run/secrets/key\n'),
        Example("FROM python:3.11-slim\nENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=4096 JUPYTER_TOKEN=none\n"),
        Example("FROM python:3.11-slim\nENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\n"),
        Example("FROM python:3.11-slim\nENV PASSWORD=changeme PUBLIC_KEY=abcdef REPO=git@example.org:a/b.git\n"),
    ),
    aliases=("SecretsUsedInArgOrEnv",),
)
