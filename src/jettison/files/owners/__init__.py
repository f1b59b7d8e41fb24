"""Who brought each file. One module a kind of record; the registry is in the order of precedence."""

from jettison.files.owners.apk import claim_apk
from jettison.files.owners.claims import OwnerKind
from jettison.files.owners.conda import claim_conda
from jettison.files.owners.dpkg import claim_dpkg
from jettison.files.owners.python import claim_python
from jettison.files.owners.rpm import claim_rpm

OWNERS: tuple[OwnerKind, ...] = (
    OwnerKind("deb", "Debian packages: status, status.d, lists, md5sums and diversions", claim_dpkg),
    OwnerKind("apk", "Alpine packages: the installed database", claim_apk),
    OwnerKind("rpm", "RPM packages: recognised, not read yet", claim_rpm),
    OwnerKind("conda", "conda packages: conda-meta", claim_conda),
    OwnerKind("python", "Python distributions: dist-info, egg-info, eggs", claim_python),
)
"""Where two kinds claim a file, the first one here owns it (Debian's Python packages are Debian's)."""
