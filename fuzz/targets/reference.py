"""References, platforms and names: text from the command line."""

import contextlib

from jettison.errors import JettisonError
from jettison.oci.platform import parse_platform
from jettison.reference import check_name, is_repository_tag, parse_reference
from jettison.sources.names import complete, familiar, name_annotations

CORPUS = (
    b"docker-archive:/no/image.tar:app:1.0",
    b"oci:/no/dir:v1",
    b"oci-archive:/no/x:y:z",
    b"docker://registry.example:5000/a/b:c",
    b"/no/such:path:tag",
    b"linux/arm64/v8",
    b"a__b--c.d" * 20,
)


def run(data: bytes) -> None:
    """Parse the input as each of them."""
    text = data.decode("utf-8", "surrogateescape")[:5000]
    with contextlib.suppress(JettisonError):
        parse_reference(text)
    with contextlib.suppress(JettisonError):
        parse_platform(text)
    with contextlib.suppress(JettisonError):
        check_name(text, "name")
    is_repository_tag(text)
    complete(familiar(text))
    name_annotations(text)
