"""Take Debian's own ways out of a copy of its Python, which then behaves as upstream's: undebian.py FOLDER."""

import re
import sys
from pathlib import Path

SITE = """            for libdir in libdirs:
                version = "python%d.%d" % sys.version_info[:2]
                sitepackages.append(os.path.join(prefix, libdir, version, "site-packages"))
"""


def change(path: Path, *edits: tuple[str, str]) -> None:
    text = path.read_text()
    for pattern, new in edits:
        text, count = re.subn(pattern, new.replace("\\", r"\\"), text, flags=re.DOTALL)
        if not count:
            sys.exit(f"{path}: nothing matches {pattern!r}")
    path.write_text(text)


def change_frozen(program: Path) -> None:
    """Change ``site`` where it is frozen into the program, byte for byte: names keep their lengths."""
    code = program.read_bytes()
    if not code.count(b"dist-packages") or code.count(b"\0local/lib\0") != 1:
        sys.exit(f"{program}: not the Debian Python that is known here")
    program.unlink()  # it may be this very interpreter
    program.write_bytes(code.replace(b"dist-packages", b"site-packages").replace(b"\0local/lib\0", b"\0./././lib\0"))
    program.chmod(0o755)


def main(root: Path) -> None:
    lib = root / "lib/python3.11"
    change_frozen(root / "bin/python3.11")
    change_frozen(root / "lib/libpython3.11.so.1.0")
    change(lib / "site.py", (r"            if is_virtual_environment:\n.*?(?=        else:\n)", SITE))
    change(lib / "sysconfig.py", (r"prefix_scheme = 'posix_local'", "prefix_scheme = 'posix_prefix'"))
    change(
        lib / "distutils/sysconfig.py", (r'"lib", "python3", "dist-packages"', '"lib", "python3.11", "site-packages"')
    )
    change(
        lib / "distutils/command/install.py", (r"local/lib/python(\S*)/dist-packages", "lib/python3.11/site-packages")
    )
    change(
        lib / "ensurepip/__init__.py",
        (r"sysconfig\.get_config_var\('WHEEL_PKG_DIR'\)", "os.path.join(os.path.dirname(__file__), '_bundled')"),
        (
            r"def _ensurepip_is_disabled_in_debian_for_system\(\):\n",
            "def _ensurepip_is_disabled_in_debian_for_system():\n    return\n",
        ),
    )
    for data in {found.resolve() for found in lib.glob("_sysconfigdata__*.py")}:
        change(data, (r"(?<=['\" =])/usr/(?=lib|include|bin/?')", "/usr/local/"), (r"'/usr'", "'/usr/local'"))
    for name in ("EXTERNALLY-MANAGED", "sitecustomize.py", "_distutils_system_mod.py"):
        (lib / name).unlink(missing_ok=True)
    (lib / "site-packages").mkdir(exist_ok=True)
    (lib / "ensurepip/_bundled").mkdir(exist_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
