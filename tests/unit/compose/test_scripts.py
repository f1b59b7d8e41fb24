import pytest

from jettison.compose.alternatives import Alternative, link_alternatives, parse_alternatives
from jettison.compose.scripts import check_scripts, unknown_lines
from jettison.compose.tree import Tree
from jettison.errors import RefusedError

KNOWN = """#!/bin/sh
set -e
# Automatically added by dh_installsystemd/13.11.4
systemctl daemon-reload
# End automatically added section
case "$1" in
    configure)
        update-alternatives --quiet --install /usr/bin/pager pager \\
          /usr/bin/less 77 --slave /usr/share/man/man1/pager.1.gz \\
          pager.1.gz /usr/share/man/man1/less.1.gz
    ;;
    abort-upgrade|abort-remove)
    ;;
esac
exit 0
"""


def test_boilerplate_is_known() -> None:
    """Sections of known helpers, configure frames and plain alternatives leave nothing over."""
    assert unknown_lines(KNOWN) == ()
    check_scripts("new-package", {"postinst": KNOWN.encode()})


@pytest.mark.parametrize(
    "line", ["rm -rf /usr/lib/x", "update-alternatives --install /a b $(cat c) 5", "useradd x", "ldconfig; reboot"]
)
def test_unknown_lines_are_refused(line: str) -> None:
    """A line that is not known is named in the refusal, with the way out."""
    script = KNOWN.replace("exit 0", line)
    with pytest.raises(RefusedError) as caught:
        check_scripts("new-package", {"postinst": script.encode()})
    assert line[:80] in caught.value.message
    assert "ignore-scripts" in caught.value.hint
    check_scripts("new-package", {"postinst": script.encode()}, ignored=("new-package",))


def test_sections_of_unknown_helpers_are_refused() -> None:
    """What an unknown helper added is not taken for known."""
    script = "# Automatically added by dh_miracle/1\nmiracle\n# End automatically added section\n"
    with pytest.raises(RefusedError, match="section of dh_miracle"):
        check_scripts("x-package", {"preinst": script.encode()})


def test_packages_of_the_table_are_not_read() -> None:
    """Packages whose scripts were looked at pass whatever they say."""
    check_scripts("libc6", {"postinst": b"restart everything\n"})
    check_scripts("python3.11-minimal", {"postinst": b"py_compile\n"})


def test_alternatives_are_parsed() -> None:
    """Link, name, path, priority and followers; lines with variables are left out."""
    assert parse_alternatives(KNOWN) == (
        Alternative(
            "/usr/bin/pager",
            "pager",
            "/usr/bin/less",
            77,
            (("/usr/share/man/man1/pager.1.gz", "pager.1.gz", "/usr/share/man/man1/less.1.gz"),),
        ),
    )
    assert parse_alternatives("update-alternatives --install /a a $x 5\n") == ()
    assert parse_alternatives("update-alternatives --install /a a /b many\n") == ()
    assert parse_alternatives("update-alternatives --install '/a a /b 5\n") == ()


def test_the_best_alternative_that_is_there_is_linked() -> None:
    """The highest priority among candidates whose file exists wins; a shipped file is never replaced."""
    tree = Tree()
    tree.add_file("usr/bin/mawk", b"m")
    tree.add_file("usr/bin/cc", b"real")
    link_alternatives(
        tree,
        [
            Alternative("/usr/bin/awk", "awk", "/usr/bin/mawk", 5, (("/usr/x", "x", "/usr/none"),)),
            Alternative("/usr/bin/awk", "awk", "/usr/bin/gawk", 10),
            Alternative("/usr/bin/cc", "cc", "/usr/bin/mawk", 10),
        ],
    )
    assert tree.resolve("usr/bin/awk") == "usr/bin/mawk"
    assert tree.nodes["etc/alternatives/awk"].entry.link == "/usr/bin/mawk"
    assert tree.read("usr/bin/cc") == b"real"
    assert "usr/x" not in tree.nodes
