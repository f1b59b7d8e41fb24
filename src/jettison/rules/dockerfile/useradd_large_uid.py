"""useradd with a large number."""

from collections.abc import Iterator

from jettison.dockerfile.edit import insert_after
from jettison.rules.dockerfile.accounts import accounts
from jettison.rules.dockerfile.case import Case
from jettison.rules.dockerfile.record import Claim, Example, Find, Fix, Rule

_LARGE = 1_000_000
_ENTRY = 292 + 32  # a record of lastlog and one of faillog, for each number up to the user's


def _check(case: Case) -> Iterator[Find]:
    for account in accounts(case):
        call, uid = account.call, account.uid
        if account.site.stage not in case.shipped or call.tool != "useradd" or uid is None or uid < _LARGE:
            continue
        if call.has("-l", "--no-log-init"):
            continue
        head = call.head[-1]
        editable = account.site.editable and head.whole and "sh -c" not in call.command.inside
        edit = insert_after(head, "--no-log-init")
        yield Find(
            f"useradd -u {uid} makes /var/log/lastlog and faillog as long as the number: "
            f"{uid * _ENTRY // 1_000_000} MB where an engine does not store holes",
            call.command.span,
            Fix("safe", (edit,), "keep the user out of the logs of logins") if editable else None,
            (Claim("bytes", size=uid * _ENTRY, source="lastlog 292 and faillog 32 bytes for each number"),),
        )


USERADD_LARGE_UID = Rule(
    name="useradd-large-uid",
    title="useradd with a large number and without --no-log-init",
    severity="low",
    confidence="medium",
    why="useradd writes a record at the place of the user's number in `/var/log/lastlog` and `faillog`. The files "
    "are sparse on disk; in the tar of a layer the holes are written out as zeros. `--no-log-init` leaves the logs "
    "alone.",
    sources=("Docker's best practices for USER: useradd with a large UID", "hadolint DL3046"),
    check=_check,
    fixes="safe",
    bad=(
        Example(
            "FROM debian:bookworm\nRUN useradd -m -u 1000620000 app\n",
            "FROM debian:bookworm\nRUN useradd --no-log-init -m -u 1000620000 app\n",
        ),
    ),
    good=(
        Example("FROM debian:bookworm\nRUN useradd -m -u 10001 app\n"),
        Example("FROM debian:bookworm\nRUN useradd -l -u 1000620000 app\n"),
        Example("FROM debian:bookworm AS b\nRUN useradd -u 1000620000 a\nFROM debian:bookworm\nCOPY --from=b /a /a\n"),
    ),
    aliases=("DL3046",),
)
