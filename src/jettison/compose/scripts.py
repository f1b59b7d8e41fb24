"""Maintainer scripts: never run. Each is known to be done natively, or known not to matter, or refused."""

import fnmatch
import re
from collections.abc import Mapping

from jettison.compose.alternatives import statements
from jettison.errors import RefusedError

SCRIPTS = ("preinst", "postinst")  # the ones a fresh installation runs

HELPERS: Mapping[str, str] = {
    "dh_installdeb": "moves configuration on upgrades",
    "dh_installalternatives": "done natively: alternatives",
    "dh_installsystemd": "registers services; an image has no service manager",
    "dh_installsystemduser": "registers services; an image has no service manager",
    "dh_systemd_enable": "registers services; an image has no service manager",
    "dh_systemd_start": "starts services; an image has no service manager",
    "dh_installinit": "registers services; an image has no service manager",
    "dh_installmenu": "desktop menus",
    "dh_installmime": "desktop MIME database",
    "dh_installtmpfiles": "folders made at boot",
    "dh_installsysusers": "users for services",
    "dh_installudev": "devices",
    "dh_apache2": "configures a web server when it is there",
    "dh_python3": "done natively: bytecode",
    "dh_icons": "cache of desktop icons",
    "dh_installxfonts": "fonts of the X server",
    "dh_makeshlibs": "done natively: ld.so.cache",
    "dh_installdocs": "indexes documentation",
    "dh_installcatalogs": "SGML catalogues",
    "dh_installxmlcatalogs": "XML catalogues",
    "dh_apparmor": "AppArmor profiles belong to the host",
    "dh_installinitramfs": "boot images",
    "dh_ucf": "configuration for people",
    "dh_installdebconf": "removes questions",
    "dh_install-shells": "lists login shells",
    "dh_installdebianutils": "lists login shells",
}
"""Helpers whose automatically added sections are known, with what they do."""

PACKAGES: Mapping[str, str] = {
    "adduser": "moves configuration on upgrades",
    "apt": "makes the _apt user; done natively in the naive style",
    "base-files": "done natively: folders, /etc/profile, /root/.bashrc, links",
    "base-passwd": "done natively: passwd and group",
    "bash": "done natively: /bin/sh",
    "bash-completion": "moves configuration on upgrades",
    "binutils": "moves configuration on upgrades",
    "bsdextrautils": "fails where an old util-linux is; nothing to do on a new system",
    "ca-certificates": "done natively: the bundle and a link for each certificate",
    "coreutils": "makes /usr/bin/touch where /usr is not merged",
    "cpp": "done natively: alternatives",
    "dash": "done natively: /bin/sh",
    "dbus*": "a user and a machine number for a daemon that is not started",
    "debconf": "registers its own templates",
    "debian-archive-keyring": "removes old keys on upgrades",
    "debianutils": "lists login shells; done natively: alternatives",
    "dpkg": "moves its database on upgrades",
    "fakeroot": "done natively: alternatives",
    "fontconfig*": "done natively: /etc/fonts/conf.d is shipped; caches are made on first use",
    "gcc": "done natively: alternatives",
    "git": "moves configuration on upgrades",
    "gtk-update-icon-cache": "removes a diversion on upgrades",
    "gzip": "guards another package's diversion during the /usr merge",
    "hicolor-icon-theme": "cache of desktop icons",
    "init-system-helpers": "removes a diversion of an old installer",
    "javascript-common": "configures a web server when it is there",
    "less": "done natively: alternatives",
    "libblas3": "removes an old alternative on upgrades",
    "libc-bin": "done natively: nsswitch.conf and ld.so.cache",
    "libc6": "restarts services on upgrades; done natively: ld.so.cache",
    "libdevmapper*": "devices",
    "libfontconfig1": "caches are made on first use",
    "libgcrypt20": "cleans up on upgrades",
    "libgdk-pixbuf*": "cache of image loaders for desktops",
    "libglib2.0-0*": "compiles settings of desktops; without a cache modules are looked up",
    "libgssapi-krb5-2": "moves configuration on upgrades",
    "libgtk-3*": "caches of desktops",
    "liblapack3": "removes an old alternative on upgrades",
    "libldap-common": "nothing on a new system",
    "libnss-systemd": "names of users of a service manager that is not started",
    "libpam-modules*": "empty files for password history; logins are not part of an image",
    "libpam-runtime": "configures logins, which are not part of an image",
    "libpam-systemd": "configures logins, which are not part of an image",
    "libpam0g": "restarts services on upgrades",
    "libpython3*-minimal": "done natively: an empty sitecustomize.py",
    "libreadline8*": "guards libraries during the /usr merge of an old system",
    "librsvg2-common": "cache of image loaders for desktops",
    "libselinux1": "removes old files on upgrades",
    "libsensors5": "moves configuration on upgrades",
    "locales": "makes locales that were chosen; C.UTF-8 comes with libc",
    "login": "empty files for login records",
    "login.defs": "moves configuration on upgrades",
    "media-types": "moves configuration on upgrades",
    "mount": "nothing on a new system",
    "netbase": "writes /etc/hosts, which the engine writes for each container",
    "openssh-client": "a group for its agent, whose set-gid bit only stops tracing",
    "openssl": "done natively: /usr/lib/ssl",
    "passwd": "shadow passwords; the accounts of an image have none",
    "perl": "removes an old alternative",
    "perl-base": "moves folders on upgrades",
    "procps": "sets limits of the running kernel",
    "python3": "done natively: bytecode",
    "python3-*": "done natively: bytecode",
    "python3.*-minimal": "done natively: bytecode and the folder for local distributions",
    "python3.[0-9]*": "done natively: bytecode",
    "readline-common": "key bindings for people",
    "shared-mime-info": "MIME database of desktops",
    "systemd*": "a service manager; it is not started in a container",
    "tar": "done natively: alternatives",
    "tzdata*": "done natively: /etc/localtime and /etc/timezone",
    "ucf": "nothing on a new system",
    "usr-is-merged": "checks that /usr is merged, which it is",
    "usrmerge": "done natively: /usr is merged",
    "util-linux*": "moves configuration on upgrades",
    "uuid-runtime": "a user for a daemon that is not started; libuuid makes its own numbers without it",
    "vim-runtime": "tells its help apart from that of vim-tiny",
    "x11-common": "questions of the X server",
    "xfonts-*": "fonts of the X server",
    "xz-utils": "done natively where the lines are plain: alternatives",
}
"""Packages whose scripts were read (Debian 12 and 13), with what they do."""

_SECTION = re.compile(
    r"^# Automatically added by (\S+?)(?:/\S*)?\n.*?^# End automatically added section\n?", re.MULTILINE | re.DOTALL
)
_TRIVIAL = (
    r"set -[eux]+",
    r"exit 0",
    r"exit",
    r":",
    r"true",
    r"fi",
    r"esac",
    r";;",
    r"case \"?\$1\"? in",
    r"if \[+ \"?\$1\"? =+ \"?'?configure'?\"? \]+ *; *then",
    r"\(?[a-z|* -]+\)",
    r"(?:/sbin/)?ldconfig(?: \|\| true)?",
    r"dpkg-maintscript-helper .*",
    r"echo .*unknown argument.*",
    r"exit 1",
    r"update-alternatives .*--install [^$`]*",
)
_TRIVIAL_LINE = re.compile("|".join(f"(?:{pattern})" for pattern in _TRIVIAL))


def unknown_lines(script: str) -> tuple[str, ...]:
    """Return the lines of a maintainer script that are neither boilerplate nor from a known helper."""
    strange = [match[1] for match in _SECTION.finditer(script) if match[1] not in HELPERS]
    rest = statements(_SECTION.sub("", script))
    return tuple(
        [f"section of {name}" for name in strange] + [line for line in rest if not _TRIVIAL_LINE.fullmatch(line)]
    )


def check_scripts(package: str, control: Mapping[str, bytes], ignored: tuple[str, ...] = ()) -> None:
    """Refuse a package whose installation does something that is not known here.

    Args:
        package: its name.
        control: its control files.
        ignored: packages whose scripts the user says can be left out.

    Raises:
        RefusedError: naming the package and the first lines that are not known.
    """
    if package in ignored or any(fnmatch.fnmatchcase(package, pattern) for pattern in PACKAGES):
        return
    for name in SCRIPTS:
        lines = unknown_lines(control.get(name, b"").decode(errors="replace"))
        if lines:
            shown = " / ".join(line[:80] for line in lines[:3])
            raise RefusedError(
                f"package {package}: its {name} script does something Jettison does not know: {shown}",
                hint=f'if the image works without it: [debian] ignore-scripts = ["{package}"]',
            )
