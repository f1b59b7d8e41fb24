"""Files that every user may change."""

from collections.abc import Iterator

from jettison.regex import regex
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.places import place_of
from jettison.rules.dockerfile.record import Example, Find, Rule

_OPEN = regex(r"0?[0-7]{2}[2367]$|[ugoa]*[oa][ugoa]*[+=][rxXst]*w[rwxXst]*$")
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- names of folders in an image


def _check(case: Case) -> Iterator[Find]:
    for site, call in case.calls("chmod"):
        if site.stage not in case.shipped or not call.operands or not _OPEN.match(call.operands[0].text):
            continue
        places = [place_of(case, site, call.command, word) or word.text for word in call.operands[1:]]
        open_ = [place for place in places if not place.startswith(_SHARED)]
        if open_:
            yield Find(f"every user may change {open_[0]} (chmod {call.operands[0].text})", call.command.span)


WORLD_WRITABLE = Rule(
    name="world-writable",
    title="chmod 777: files that every user may change",
    severity="low",
    confidence="high",
    why="Whoever gets to run anything in the container may exchange code or models there. Give the folder to the "
    "user that needs it (`--chown=` at COPY, `install -d -o`), or to group 0 with `g+w` where the user's number is "
    "not known, as OpenShift has it.",
    sources=("OpenShift: support arbitrary user ids", "CIS Docker Benchmark"),
    check=_check,
    fixes="none",
    bad=(
        Example("FROM debian\nRUN mkdir /cache && chmod -R 777 /cache\n"),
        Example("FROM debian\nRUN chmod a+rwx /data\n"),
    ),
    good=(
        Example("FROM debian\nRUN chmod 755 /data && chmod g+w /data && chmod +w /run.sh\n"),
        Example("FROM debian\nRUN chmod 1777 /tmp\n"),
    ),
)
