"""A cache mount that the user of the RUN cannot write to."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case, Site
from jettison.rules.dockerfile.mounts import Mount, add_field, mounts_of
from jettison.rules.dockerfile.record import Example, Find, Fix, Rule
from jettison.rules.dockerfile.users import Who, who

_OPEN = regex(r"0*[0-7]?[0-7][0-7][2367]$")


def _check(case: Case) -> Iterator[Find]:
    for site in case.named("RUN"):
        mounts = mounts_of(site, "cache")
        if not mounts:
            continue
        user = who(case, site)
        if user.root is not False or _becomes_root(site):
            continue
        for mount in mounts:
            if not _given(mount):
                yield Find(
                    f"this cache mount belongs to root, and {user.name} cannot write to it",
                    mount.flag.word.span,
                    _fix(case, mount, user),
                )


def _becomes_root(site: Site) -> bool:
    script = site.script
    return script is None or any(command.name in ("sudo", "su", "gosu", "doas") for command in script.commands)


def _given(mount: Mount) -> bool:
    open_to_all = bool(_OPEN.match(mount.fields.get("mode", "")))
    return open_to_all or bool({"uid", "from", "source", "src", "ro", "readonly"} & {*mount.fields})


def _fix(case: Case, mount: Mount, user: Who) -> Fix | None:
    if user.uid is None or not user.uid.isdecimal():
        return None
    group = f",gid={user.gid}" if user.gid and "gid" not in mount.fields else ""
    edit = add_field(case.recipe, mount, f"uid={user.uid}{group}")
    return Fix("safe", (edit,), f"give the mount to {user.name}") if edit else None


CACHE_MOUNT_WRONG_OWNER = Rule(
    name="cache-mount-wrong-owner",
    title="a cache mount that the user cannot write to",
    severity="medium",
    confidence="high",
    why="A cache mount is made for root with mode 0755 unless it says `uid=`, `gid=` or `mode=`. Under another user "
    "pip "
    "says that the cache is disabled and downloads all again; uv and npm fail. Numbers are needed; the fix is offered "
    "where the recipe tells the number. A cache that an earlier build made keeps its owner: give it another `id=`, or "
    "prune it once.",
    sources=("the Dockerfile reference, RUN --mount=type=cache",),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nUSER app\n"
            "RUN --mount=type=cache,target=/home/app/.cache/pip pip install flask\n",
            "FROM python:3.11-slim\nRUN useradd -m -u 1000 app\nUSER app\n"
            "RUN --mount=type=cache,uid=1000,target=/home/app/.cache/pip pip install flask\n",
        ),
        Example(
            "FROM registry.example/ml:3\nUSER 1000:100\nRUN --mount=type=cache,target=/c pip install --cache-dir /c "
            "x\n",
            "FROM registry.example/ml:3\nUSER 1000:100\n"
            "RUN --mount=type=cache,uid=1000,gid=100,target=/c pip install --cache-dir /c x\n",
        ),
        Example("FROM python:3.11\nUSER app\nRUN --mount=type=cache,target=/home/app/.cache/pip pip install x\n"),
    ),
    good=(
        Example("FROM python:3.11\nRUN --mount=type=cache,target=/root/.cache/pip pip install x\n"),
        Example("FROM registry.example/ml:3\nRUN --mount=type=cache,target=/root/.cache/pip pip install x\n"),
        Example("FROM python:3.11\nUSER app\nRUN --mount=type=cache,target=/c,mode=0777 pip install x\n"),
        Example("FROM python:3.11\nUSER app\nRUN --mount=type=cache,target=/var/cache/apt sudo apt-get update\n"),
        Example("FROM python:3.11\nUSER $WHO\nRUN --mount=type=cache,target=/c pip install x\n"),
    ),
)
