"""The health check: by the interpreter that is there anyway, and only where a health endpoint is known."""

import re

from jettison.dockerfile.record import Instruction
from jettison.plan.dockerfile.layout import Work
from jettison.plan.dockerfile.rewrite_record import Choice, Piece

_CURL = re.compile(
    r"curl\s+(?:-{1,2}[\w-]+\s+)*(?P<quote>['\"]?)(?P<url>https?://[^\s'\"$]+)(?P=quote)(?:\s*\|\|\s*exit 1)?"
)
_START = "60s"  # loading a model took 12 to 22 s on a loaded machine; a failure in this time does not count


def health_pieces(work: Work) -> tuple[dict[int, Piece], tuple[Piece, ...], tuple[Choice, ...]]:
    """Return what becomes of the recipe's health checks, by index; those to add; and the decision."""
    found = [site.instruction for site in work.case.named("HEALTHCHECK")]
    if found:
        made = {work.at(each): piece for each in found if (piece := _translated(work, each))}
        why = "the same request, by Python's standard library: curl need not be in the image"
        return made, (), (Choice("health check", "kept", (why,) if made else ("it stays as it was",)),)
    facts = work.facts
    if not facts.port:
        why = "no port that the service listens on is known"
        return {}, (), (Choice("health check", "none", (why,)),)
    url = f"http://127.0.0.1:{facts.port}{facts.health}" if facts.health else ""
    command = _command(url) if url else _connection(facts.port)
    text = f"HEALTHCHECK --interval=30s --timeout=5s --start-period={_START} --retries=3 \\\n    {command}\n"
    why = f"the code answers at {facts.health}" if url else "no health endpoint was seen: it asks for a connection only"
    choice = Choice("health check", url or f"a connection to port {facts.port}", (why,))
    return {}, (Piece(text, None, "added", why),), (choice,)


def _translated(work: Work, instruction: Instruction) -> Piece | None:
    """Return a health check by curl as one by Python; None when it is another kind."""
    match = _CURL.fullmatch(instruction.body.text.strip())
    if instruction.json or instruction.args[:1] != ("CMD",) or not match:
        return None
    flags = "".join(f" {flag.word.text}" for flag in instruction.flags)
    text = f"HEALTHCHECK{flags} \\\n    {_command(match['url'])}\n"
    return Piece(text, work.at(instruction), "changed", "asked by Python: curl need not be in the image")


def _command(url: str) -> str:
    request = f"import urllib.request; urllib.request.urlopen('{url}', timeout=4)"
    return f'CMD ["python", "-c", "{request}"]'


def _connection(port: int) -> str:
    return f"""CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', {port}), 4)"]"""
