"""What is known about Debian's and Ubuntu's packages: data, each line with its reason."""

from collections.abc import Mapping


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ALWAYS: Mapping[str, str] = {
    "base-files": "the directories, links and os-release that everything expects",
    "base-passwd": "the users and groups that names are looked up in",
    "libc-bin": "getconf, ldconfig and the settings of the C library",
    "tzdata": "time zones, read by the C library and by Python's zoneinfo",
    "ca-certificates": "the certificates that TLS clients trust",
    "netbase": "names of services and protocols, for getservbyname and getprotobyname",
    "media-types": "types of files by suffix, for Python's mimetypes",
    "ncurses-base": "descriptions of terminals, for an interpreter started by hand",
    "libc6": "the C library and its loader",
}
"""Packages that stay when they are there, unless the user drops them."""

WITH_SHELL: Mapping[str, str] = {"coreutils": "a shell is of little use without it"}
"""Packages that stay with ``/bin/sh``."""

WITH_SCRIPTS = _names("grep sed findutils mawk gawk gzip tar hostname debianutils util-linux procps")
"""Packages that stay when a shell script stays whose text was not read: it may call them."""

MAINTAINER_ONLY: Mapping[str, str] = {
    "debconf": "asks questions at installation",
    "debconf-2.0": "asks questions at installation",
    "cdebconf": "asks questions at installation",
    "dpkg": "its triggers and alternatives serve installation",
    "install-info": "serves installation",
    "perl-base": "maintainer scripts are written in it",
    "perl": "maintainer scripts are written in it",
    "init-system-helpers": "registers services at installation",
    "sysvinit-utils": "registers services at installation",
    "ucf": "merges configuration at installation",
    "adduser": "makes users at installation",
    "passwd": "makes users at installation",
    "login": "makes users at installation",
    "lsb-base": "init scripts source it",
    "mawk": "maintainer scripts call it",
    "awk": "maintainer scripts call it",
    "sensible-utils": "serves people at a terminal",
    "man-db": "serves people at a terminal",
    "systemd": "a container runs no init",
    "systemd-sysv": "a container runs no init",
    "default-logind": "a container has no sessions",
    "logind": "a container has no sessions",
    "udev": "a container makes no devices",
    "dbus": "a container runs no system bus",
    "e2fsprogs": "a container checks no file systems",
    "libpam-runtime": "configures logins at installation",
    "ucspi-tcp": "serves installation",
    "openssl": "ca-certificates rehashes with it at installation",
    "python3-setuptools-whl": "seeds new virtual environments",
    "python3-pip-whl": "seeds new virtual environments",
}
"""Packages that others depend on for their maintainer scripts only: a dependency alone does not keep them."""

DISPLAY_ONLY: Mapping[tuple[str, str], str] = {
    ("libglx0", "libglx-mesa0"): "GLX draws only where an X server is reached",
    ("libgl1", "libgl1-mesa-dri"): "GLX draws only where an X server is reached",
    ("libgl1-mesa-glx", "libglx-mesa0"): "GLX draws only where an X server is reached",
}
"""Dependencies (of, on) that serve drawing on a display, so that linking with libGL needs no driver and no LLVM."""

DISPLAYS = ("libegl1", "libosmesa6", "xvfb", "xserver-xorg-core", "libglfw3", "xauth")
"""When one of these stays the image may draw, on a display or without one: the dependencies above then count."""

BUILD_SECTIONS = frozenset(
    _names(
        "devel libdevel vcs editors doc debug admin introspection kernel perl shells mail oldlibs localization "
        "rust golang haskell metapackages tasks fonts"
    )
)
"""Sections whose packages serve building and administration: being installed by name does not keep them."""

BUILD_NAMES = _names(
    "*-dev *-doc *-dbg *-dbgsym *-headers build-essential gcc* g++* cpp* clang* make cmake* ninja-build "
    "pkg-config pkgconf* autoconf* automake* libtool* m4 bison flex git* mercurial* subversion* vim* nano emacs* "
    "less man-db manpages* gdb* strace ltrace valgrind htop procps psmisc lsof net-tools iproute2 iputils-* "
    "dnsutils bind9-* telnet netcat* tcpdump traceroute openssh-* rsync sudo gnupg* gpg* dirmngr apt* "
    "lsb-release software-properties-common unzip zip bzip2 xz-utils p7zip* file patch perl* tree tmux screen "
    "curl wget jq aria2 binutils* dpkg-dev fakeroot debhelper bash-completion nvidia-cuda-toolkit* "
    "cuda-compiler* cuda-nvcc* locales*"
)
"""Names (fnmatch) of packages that serve building, fetching and looking around."""

PYTHON_BUILD = _names(
    "python3-pip python3-pip-whl python3-setuptools python3-setuptools-whl python3-wheel python3-dev "
    "python3-venv python3.*-venv python3.*-dev libpython3*-dev python3-apt python3-debian "
    "python3-software-properties python3-virtualenv cython3 python3-*-doc pipx idle*"
)
"""Names (fnmatch) of Python packages that serve building and administration."""
