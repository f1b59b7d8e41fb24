"""Which programs the shipped image has, as far as its recipe tells."""

from jettison.rules.dockerfile.bases import base_of
from jettison.rules.dockerfile.case import Case

_SLIM_LACKS = frozenset(["curl", "wget", "git", "nc", "ps", "ss", "netstat", "grpc_health_probe", "jq", "httpie"])
_PACKAGES = {"nc": ("netcat", "netcat-openbsd", "ncat"), "ps": ("procps",), "ss": ("iproute2",), "httpie": ("httpie",)}
_ALPINE_HAS = frozenset(["wget", "nc", "ps"])  # busybox


def lacks(case: Case, program: str) -> bool:
    """Whether the shipped image surely lacks a program: a base that is known to, and nothing that may bring it."""
    final = case.final
    base = base_of(case.image(final.index)) if final else None
    if base is None or program not in _SLIM_LACKS or base.curl is not False:
        return False
    if base.manager == "apk" and program in _ALPINE_HAS:
        return False
    names = (program, *_PACKAGES.get(program, ()))
    for site in case.sites:
        if site.stage not in case.shipped:
            continue
        if site.instruction.name in ("COPY", "ADD") and program in site.instruction.body.text:
            return False
        if site.instruction.name == "RUN" and _may_bring(site.instruction.body.text, names, site.instruction.heredocs):
            return False
    return True


def _may_bring(body: str, names: tuple[str, ...], heredocs: tuple[object, ...]) -> bool:
    return any(name in body for name in names) or bool(heredocs) or ".sh" in body
