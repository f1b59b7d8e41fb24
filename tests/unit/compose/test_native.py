from jettison.compose.dpkg import Installed, write_full, write_lean
from jettison.compose.native import APPLETS, add_nonroot, configure, lay_foundation
from jettison.compose.tree import Tree


def base() -> Tree:
    tree = Tree()
    lay_foundation(tree)
    return tree


def test_accounts() -> None:
    """Without base-passwd three accounts; with it, its own; nonroot is added once."""
    tree = base()
    configure(tree)
    add_nonroot(tree)
    add_nonroot(tree)
    passwd = (tree.read("etc/passwd") or b"").decode()
    assert [line.split(":")[0] for line in passwd.splitlines()] == ["root", "nobody", "nonroot"]
    tree = base()
    tree.add_file("usr/share/base-passwd/passwd.master", b"root:*:0:0:root:/root:/bin/bash\n")
    configure(tree)
    assert tree.read("etc/passwd") == b"root:*:0:0:root:/root:/bin/bash\n"


def test_certificates_are_found_without_a_tool() -> None:
    """The bundle holds every certificate, and OpenSSL's default file leads to it."""
    tree = base()
    tree.add_file("usr/share/ca-certificates/mozilla/B.crt", b"bbb")
    tree.add_file("usr/share/ca-certificates/mozilla/A.crt", b"aaa\n")
    configure(tree)
    assert tree.read("usr/lib/ssl/cert.pem") == b"aaa\nbbb\n"
    assert tree.read("etc/ssl/certs/A.pem") == b"aaa\n"
    assert tree.read("etc/ca-certificates.conf") == b"mozilla/A.crt\nmozilla/B.crt\n"


def test_time_zone_shell_and_names() -> None:
    """Links and files that scripts would have made are there."""
    tree = base()
    tree.add_file("usr/share/zoneinfo/Etc/UTC", b"TZif")
    tree.add_file("usr/bin/dash", b"")
    tree.add_file("usr/bin/python3.11", b"")
    configure(tree)
    assert tree.read("etc/localtime") == b"TZif"
    assert tree.nodes["usr/bin/sh"].entry.link == "dash"
    assert tree.read("etc/nsswitch.conf")
    assert tree.nodes["usr/local/lib/python3.11/dist-packages"].entry.type == "dir"
    assert tree.nodes["var/run"].entry.link == "/run"
    assert (tree.read("etc/ld.so.cache") or b"").startswith(b"glibc-ld.so.cache")


def test_busybox_brings_its_tools() -> None:
    """With busybox there is a shell and more; what is shipped stays."""
    tree = base()
    tree.add_file("usr/bin/busybox", b"")
    tree.add_file("usr/bin/cat", b"real")
    configure(tree)
    assert tree.nodes["usr/bin/sh"].entry.link == "busybox"
    assert tree.read("usr/bin/cat") == b"real"
    assert len([1 for node in tree.nodes.values() if node.entry.link == "busybox"]) == len(APPLETS.split()) - 1


CONTROL = b"Package: a\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\nDescription: x\n more\n"


def test_package_databases() -> None:
    """Lean: status.d with sums of what is there only. Naive: dpkg's own files, conffiles with their sums."""
    package = Installed(
        "a",
        {
            "control": CONTROL,
            "md5sums": b"0  usr/x\n1  usr/gone\n",
            "conffiles": b"/etc/a.conf\n",
            "postinst": b"#!/x\n",
        },
        ("", "usr", "usr/x"),
    )
    tree = base()
    tree.add_file("usr/x", b"")
    tree.add_file("etc/a.conf", b"conf")
    write_lean(tree, [package])
    assert tree.read("var/lib/dpkg/status.d/a") == CONTROL
    assert tree.read("var/lib/dpkg/status.d/a.md5sums") == b"0  usr/x\n"
    write_full(tree, [package])
    status = (tree.read("var/lib/dpkg/status") or b"").decode()
    assert status.startswith("Package: a\nStatus: install ok installed\nVersion: 1\n")
    assert " /etc/a.conf " in status
    assert tree.read("var/lib/dpkg/info/a:amd64.list") == b"/.\n/usr\n/usr/x\n"
    assert tree.nodes["var/lib/dpkg/info/a:amd64.postinst"].entry.mode == 0o755
