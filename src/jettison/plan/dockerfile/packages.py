"""Packages of Debian and Ubuntu by what a running service needs of them; data, with where each row is from.

Sources: the packages' own descriptions and dependencies (Debian 12, Ubuntu 22.04), the shared libraries that wheels ask
for (``ldd`` on manylinux wheels), issues of the projects named.
"""

import re


def names(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


BUILD_ONLY = re.compile(
    r"build-essential|gcc(?:-\d+)?(?:-base)?|g\+\+(?:-\d+)?|gfortran(?:-\d+)?|clang(?:-\d+)?|llvm(?:-\d+)?(?:-dev)?|make|cmake"
    r"|ninja-build|meson|autoconf|automake|libtool|bison|flex|nasm|yasm|swig|patch|patchelf|pkg-config|pkgconf|ccache"
    r"|python3?(?:\.\d+)?-(?:dev|pip|venv|setuptools|wheel|distutils|virtualenv|full)|libpython3?(?:\.\d+)?-dev|cython3?"
    r"|software-properties-common|apt-utils|apt-transport-https|gnupg2?|gpg(?:-agent)?|dirmngr|lsb-release|dpkg-dev"
    r"|protobuf-compiler|rustc|cargo|golang(?:-go)?|linux-libc-dev|libc6-dev|fakeroot|debhelper"
)
"""Packages that only building needs: compilers, build systems, headers of the interpreter, what sets up archives."""

TOOLS = names(
    "curl wget git git-lfs unzip zip bzip2 xz-utils tar vim vim-tiny nano less htop net-tools iputils-ping telnet"
    " procps tmux screen tree jq rsync openssh-client man-db strace gdb lsof file aria2 axel sudo"
)
"""Programs that a service may call: kept in the runtime stage only where something there names them."""

RUNTIME_OF = {
    "libpq-dev": ("libpq5",),
    "default-libmysqlclient-dev": ("libmariadb3",),
    "libmysqlclient-dev": ("libmysqlclient21",),
    "libmariadb-dev": ("libmariadb3",),
    "libsndfile1-dev": ("libsndfile1",),
    "libsndfile-dev": ("libsndfile1",),
    "libgl1-mesa-dev": ("libgl1",),
    "libglib2.0-dev": ("libglib2.0-0",),
    "libsm-dev": ("libsm6",),
    "libxext-dev": ("libxext6",),
    "libxrender-dev": ("libxrender1",),
    "libopenblas-dev": ("libopenblas0",),
    "liblapack-dev": ("liblapack3",),
    "libblas-dev": ("libblas3",),
    "libatlas-base-dev": ("libatlas3-base",),
    "libffi-dev": (),  # the interpreter brings what it needs
    "libssl-dev": (),
    "libsqlite3-dev": (),
    "zlib1g-dev": (),
    "libbz2-dev": (),
    "liblzma-dev": (),
    "libreadline-dev": (),
    "libncurses-dev": (),
    "libncurses5-dev": (),
    "libncursesw5-dev": (),
    "libxml2-dev": ("libxml2",),
    "libxslt1-dev": ("libxslt1.1",),
    "libxslt-dev": ("libxslt1.1",),
    "libxmlsec1-dev": ("libxmlsec1", "libxmlsec1-openssl"),
    "libjpeg-dev": ("libjpeg62-turbo",),
    "libpng-dev": ("libpng16-16",),
    "libgeos-dev": ("libgeos-c1v5",),
    "libgomp1": ("libgomp1",),
    "unixodbc-dev": ("unixodbc",),
    "portaudio19-dev": ("libportaudio2",),
    "libportaudio-dev": ("libportaudio2",),
    "libsox-dev": ("libsox3", "libsox-fmt-all"),
    "libmagic-dev": ("libmagic1",),
    "libcurl4-openssl-dev": ("libcurl4",),
    "libhdf5-dev": ("libhdf5-103-1",),
    "libleveldb-dev": ("libleveldb1d",),
    "libeigen3-dev": (),  # headers only
    "pybind11-dev": (),
    "libopenmpi-dev": ("libopenmpi3", "openmpi-bin"),
    "libaio-dev": ("libaio1",),
}
"""What of a ``-dev`` package a program linked with it needs at run time, in Debian 12; empty: nothing of its own."""

UBUNTU = {"libjpeg62-turbo": "libjpeg8", "libhdf5-103-1": "libhdf5-103", "libmariadb3": "libmariadb3"}
"""Names that differ in Ubuntu 22.04."""

NEEDED_BY_WHEELS = {
    "opencv-python": ("libgl1", "libglib2.0-0"),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
    "opencv-python-headless": ("libglib2.0-0",),
    "opencv-contrib-python-headless": ("libglib2.0-0",),
    "xgboost": ("libgomp1",),
    "lightgbm": ("libgomp1",),
    "faiss-cpu": ("libgomp1",),
    "psycopg2": ("libpq5",),
    "mysqlclient": ("libmariadb3",),
    "python-magic": ("libmagic1",),
    "pyodbc": ("unixodbc",),
    "weasyprint": ("libpango-1.0-0", "libpangoft2-1.0-0"),
    "cairosvg": ("libcairo2",),
    "pdf2image": ("poppler-utils",),
    "pytesseract": ("tesseract-ocr",),
    "pydub": ("ffmpeg",),
    "ffmpeg-python": ("ffmpeg",),
    "openai-whisper": ("ffmpeg",),
    "gitpython": ("git",),
    "pyaudio": ("libportaudio2",),
    "sounddevice": ("libportaudio2",),
    "graphviz": ("graphviz",),
    "rasterio": ("libexpat1",),
    "pyzbar": ("libzbar0",),
    "python-ldap": ("libldap-2.5-0",),
    "pygraphviz": ("graphviz",),
}
"""Packages that a distribution's wheel, or what is built of it, asks for and a slim base does not have."""


_INSTALLERS = re.compile(
    r"python3?(?:\.\d+)?-(?:pip|venv|setuptools|wheel|distutils|virtualenv)|software-properties-common|apt-.*|gnupg2?|gpg.*"
    r"|dirmngr|lsb-release"
)
"""Of the packages that only building needs those that no compilation does."""


def runtime_packages(
    packages: tuple[str, ...], used: frozenset[str], family: str, *, compiles: bool = False
) -> tuple[list[str], list[str]]:
    """Split the packages that a recipe installs.

    Args:
        packages: as operands of ``apt-get install``: names, with ``=version`` where pinned.
        used: programs that the service, its health check or a later RUN names.
        family: ``debian`` or ``ubuntu``.
        compiles: whether the service compiles as it runs: compilers and headers stay then.

    Returns:
        what the runtime stage installs; and what it leaves to the builder.
    """
    kept: list[str] = []
    left: list[str] = []
    for package in packages:
        name = package.partition("=")[0].partition(":")[0]
        if compiles and name not in TOOLS:
            (left if _INSTALLERS.fullmatch(name) else kept).append(package)
        elif name in RUNTIME_OF and name.endswith("-dev"):
            left.append(package)
            kept += [UBUNTU.get(each, each) if family == "ubuntu" else each for each in RUNTIME_OF[name]]
        elif BUILD_ONLY.fullmatch(name) or (name in TOOLS and name not in used):
            left.append(package)
        else:
            kept.append(package)
    return list(dict.fromkeys(kept)), left
