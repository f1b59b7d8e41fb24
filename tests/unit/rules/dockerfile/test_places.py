"""Where paths lead, what is stored and downloaded there, and who owns it."""

import pytest

from jettison.dockerfile.parse import parse_text
from jettison.rules.dockerfile.accounts import accounts, group_number, user_number
from jettison.rules.dockerfile.case import Case, make_case
from jettison.rules.dockerfile.fetches import downloads
from jettison.rules.dockerfile.places import folder_of, place_of, within
from jettison.rules.dockerfile.stored import removed_in, stored_before


def _case(text: str) -> Case:
    return make_case(parse_text(text))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("FROM debian\nRUN rm a", "/a"),
        ("FROM debian\nWORKDIR /w\nRUN rm ../a/./b", "/a/b"),
        ("FROM debian\nWORKDIR /w\nRUN cd x && rm a", "/w/x/a"),
        ("FROM debian\nENV D=/d\nRUN rm $D/a", "/d/a"),
        ('FROM debian\nENV D=/d\nRUN rm "${D}/a"', "/d/a"),
        ("FROM debian\nENV D=/d\nRUN D=/e; rm $D/a", None),
        ("FROM debian\nRUN for D in a b; do rm /$D; done", None),
        ("FROM debian\nRUN cd - && rm a", None),
        ("FROM debian\nRUN if x; then cd /y; fi; rm a", None),
        ("FROM debian\nRUN (cd /y && make); rm a", None),
        ("FROM debian\nRUN rm ~/a", None),
        ("FROM debian\nRUN rm *.deb", None),
        ("FROM example/base\nRUN rm a", None),
        ("FROM debian AS x\nWORKDIR /w\nFROM x\nRUN rm a", "/w/a"),
        ("FROM debian\nARG D\nWORKDIR $D\nRUN rm a", None),
    ],
)
def test_path_of_a_word(text: str, place: str | None) -> None:
    """WORKDIR, cd, known variables and known bases make a path absolute; anything else leaves it unknown."""
    case = _case(text)
    site = case.sites[-1]
    call = next(call for call in site.calls if call.tool == "rm")
    assert place_of(case, site, call.command, call.operands[0]) == place


def test_folder_of_the_base_is_not_guessed() -> None:
    """A base whose working directory is not known gives none."""
    case = _case("FROM pytorch/pytorch\nRUN a")
    assert folder_of(case, case.sites[0]) is None


def test_within_takes_whole_names() -> None:
    """``/app2`` does not lie in ``/app``; everything lies in ``/``."""
    assert within("/app/a", "/app")
    assert within("/app", "/app")
    assert not within("/app2", "/app")
    assert within("/app", "/")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("wget https://example.org/a/b.tgz", "b.tgz"),
        ("wget -P /t https://example.org/b.tgz", "/t/b.tgz"),
        ("wget -O c.tgz https://example.org/b.tgz", "c.tgz"),
        ("wget -qO- https://example.org/b.tgz", ""),
        ("wget https://example.org/b.tgz?raw=1", None),
        ("wget https://example.org/", None),
        ("curl -LO https://example.org/b.tgz", "b.tgz"),
        ("curl -o c https://example.org/b.tgz", "c"),
        ("curl https://example.org/b.tgz", ""),
        ("curl https://example.org/b.tgz > /c", "/c"),
        ("curl -OJ https://example.org/b.tgz", None),
    ],
)
def test_file_of_a_download(call: str, name: str | None) -> None:
    """The file is what -o, -O or a redirection says, else the address's last part where that is sure."""
    case = _case(f"FROM debian\nRUN {call}\n")
    assert [download.name for download in downloads(case, case.sites[0])] == [name]


def test_two_addresses_are_not_followed() -> None:
    """A call of several addresses gives nothing: which file is which is not told."""
    case = _case("FROM debian\nRUN wget https://example.org/a.tgz https://example.org/b.tgz\n")
    assert not list(downloads(case, case.sites[0]))


@pytest.mark.parametrize("words", ["/t/a.tgz", "/t", "/t/*", "*.tgz", "a.*", "$X", "/t/a.{tgz,zip}"])
def test_removal_by_pattern_counts(words: str) -> None:
    """A name, a folder above, a pattern and an unknown word may all remove a file."""
    case = _case(f"FROM debian\nRUN rm -rf {words}\n")
    assert removed_in(case, case.sites[0], "/t/a.tgz")


def test_removal_of_another_file_does_not_count() -> None:
    """What cannot mean the file leaves it."""
    case = _case("FROM debian\nRUN rm -rf /var/lib/apt/lists/* b.tgz *.deb\n")
    assert not removed_in(case, case.sites[0], "/t/a.tgz")


def test_stored_things_come_from_parent_stages_too() -> None:
    """COPY, clones and environments of a stage below are stored before; other stages' are not."""
    case = _case(
        "FROM debian AS a\nCOPY x /x/\nRUN git clone https://example.org/r.git /r && python3 -m venv /v\n"
        "FROM debian AS b\nCOPY y /y\nFROM a\nRUN true\n"
    )
    assert [stored.path for stored in stored_before(case, case.sites[-1])] == ["/x", "/x/x", "/r", "/v"]


@pytest.mark.parametrize(
    ("run", "uid", "gid"),
    [
        ("useradd -u 1000 app", 1000, 1000),
        ("useradd -mu 1000 app", 1000, 1000),
        ("useradd --uid=1000 app", 1000, 1000),
        ("useradd app", None, None),
        ("groupadd -g 500 app && useradd -u 1000 -g app app", 1000, 500),
        ("groupadd -g 1000 other && useradd -u 1000 app", 1000, None),
        ("useradd -u 1000 -N app", 1000, None),
        ("useradd -r -u 900 app", 900, None),
        ("adduser --uid 1000 --disabled-password app", 1000, 1000),
    ],
)
def test_numbers_of_a_user(run: str, uid: int | None, gid: int | None) -> None:
    """Numbers are those that the recipe says; a group of its own gets the user's number where that is free."""
    case = _case(f"FROM debian:bookworm\nRUN {run}\nRUN true\n")
    assert user_number(case, case.sites[-1], "app") == uid
    assert group_number(case, case.sites[-1], "app") == gid


def test_busybox_groups_are_not_guessed() -> None:
    """Alpine's adduser chooses the group's number by itself."""
    case = _case("FROM alpine\nRUN adduser -D -u 1000 app\nRUN true\n")
    assert user_number(case, case.sites[-1], "app") == 1000
    assert group_number(case, case.sites[-1], "app") is None


def test_a_variable_as_the_number_is_followed() -> None:
    """``-u $ID`` means the recipe's default."""
    case = _case("FROM debian\nARG ID=1234\nRUN useradd -u $ID app\n")
    assert [account.uid for account in accounts(case)] == [1234]
