"""Shell forms on a base without a shell."""

from collections.abc import Iterator

from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.copying import copying_of
from jettison.rules.dockerfile.places import base_at, earlier, within
from jettison.rules.dockerfile.record import Example, Find, Rule


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
        base = base_at(case, site.stage)
        if site.stage not in case.built or base is None or base.shell or not _shell_form(site):
            continue
        if not any(_brings_shell(case, other) for other in earlier(case, site)):
            name = base.repository.rpartition("/")[2]
            yield Find(
                f"{site.instruction.name} in shell form needs /bin/sh, and {name} has none", site.instruction.span
            )


def _shell_form(site: Site) -> bool:
    instruction = site.instruction
    return not instruction.json and bool(instruction.body.text) and instruction.body.text.strip().upper() != "NONE"


def _brings_shell(case: Case, site: Site) -> bool:
    """Whether an instruction may put a shell there: anything into /, /bin or /usr, or another SHELL."""
    if site.instruction.name in ("SHELL", "RUN") and site.instruction.json:
        return True
    copying = copying_of(case, site)
    if copying is None:
        return False
    folders = ("/", "/bin", "/usr", "/usr/bin", "/busybox")
    into = copying.to is None or copying.to in folders or within(copying.to, "/bin") or copying.to.endswith("/sh")
    whole = (
        copying.to != "/"
        or any(source in (".", "/", "./") for source in copying.sources)
        or copying.instruction.name == "ADD"
    )
    return into and whole


SHELL_FORM_WITHOUT_SHELL = Rule(
    name="shell-form-without-shell",
    title="a shell form on a base without a shell",
    severity="high",
    confidence="high",
    why='The shell form is `/bin/sh -c "…"`. Distroless images and `scratch` have no shell: RUN fails the build, '
    'and CMD, ENTRYPOINT and HEALTHCHECK fail when the container starts, with `exec: "/bin/sh": no such file or '
    "directory`. Write them as a JSON array, and do in an earlier stage what RUN did. Tags with `debug` have a "
    "shell.",
    sources=("Dockerfile reference, shell and exec form", "distroless: images contain no shell"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM gcr.io/distroless/python3-debian12\nCOPY app.py /app.py\nCMD python3 /app.py\n"),
        Example("FROM scratch\nCOPY server /server\nENTRYPOINT /server\n"),
        Example('FROM gcr.io/distroless/python3-debian12\nHEALTHCHECK CMD python3 /h.py\nCMD ["/app.py"]\n'),
        Example("FROM gcr.io/distroless/base-debian12:nonroot\nRUN mkdir /data\n"),
    ),
    good=(
        Example('FROM gcr.io/distroless/python3-debian12\nCMD ["/app.py"]\n'),
        Example("FROM gcr.io/distroless/python3-debian12:debug\nCMD python3 /app.py\n"),
        Example("FROM scratch\nADD rootfs.tar.xz /\nCMD bash\n"),
        Example('FROM gcr.io/distroless/base\nHEALTHCHECK NONE\nCMD ["/a"]\n'),
        Example("FROM gcr.io/distroless/base\nCOPY --from=busybox:1.36 /bin/sh /bin/sh\nCMD echo a\n"),
    ),
)
