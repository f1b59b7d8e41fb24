"""The JSON documents that Jettison writes, in the order shown to users; each has a schema that ships."""

import importlib
from dataclasses import dataclass
from importlib import resources

from jettison.errors import UsageError


@dataclass(frozen=True, slots=True)
class Document:
    """One kind of JSON document.

    Attributes:
        name: as in ``jettison schema NAME`` and in the document's ``schema`` field.
        version: raised when a field goes or changes its meaning; new fields do not raise it.
        module: where its record is; named, not imported, so that a command loads only the record it needs.
        record: the record's class name.
        command: what writes it.
    """

    name: str
    version: int
    module: str
    record: str
    command: str

    @property
    def id(self) -> str:
        """What the document's ``schema`` field says: ``jettison/inspection/1``."""
        return f"jettison/{self.name}/{self.version}"


DOCUMENTS: tuple[Document, ...] = (
    Document("inspection", 1, "jettison.files.inspection", "Inspection", "jettison inspect --json"),
    Document("gpu-report", 1, "jettison.files.gpu", "GpuReport", "jettison gpu --json"),
    Document("image-diff", 1, "jettison.files.diff", "ImageDiff", "jettison diff --json"),
    Document("digest-report", 1, "jettison.proof.digests", "DigestReport", "jettison verify-image --json"),
    Document("build-result", 1, "jettison.compose.record", "BuildResult", "jettison build --json"),
    Document("docker-build", 1, "jettison.build.record", "Build", "jettison build DIR --json"),
    Document("trace", 1, "jettison.run.trace.record", "Trace", "jettison trace -o"),
    Document("trace-report", 1, "jettison.plan.keep.summary", "TraceReport", "jettison trace --json"),
    Document("plan", 1, "jettison.plan.record", "Plan", "jettison plan --json"),
    Document("gpu-manifest", 1, "jettison.plan.gpu_manifest", "GpuManifest", "slim --gpu, into the image"),
    Document("explanation", 1, "jettison.plan.explain", "Explanation", "jettison explain --json"),
    Document("slim-result", 1, "jettison.proof.result", "SlimResult", "jettison slim --json"),
    Document("restore-result", 1, "jettison.rebuild.restored", "RestoreResult", "jettison restore --json"),
    Document("copy-result", 1, "jettison.sources.transfer", "CopyResult", "jettison copy --json"),
    Document("proof", 1, "jettison.proof.record", "Proof", "jettison verify --json"),
    Document("comparison", 1, "jettison.proof.comparison", "Comparison", "jettison compare --json"),
    Document("cold-start", 1, "jettison.plan.coldstart.record", "ColdStart", "jettison coldstart --json"),
    Document("pull-report", 1, "jettison.run.pulls", "PullReport", "jettison pulls --json"),
    Document("ladder", 1, "jettison.proof.ladder", "Ladder", "jettison ladder --json"),
    Document("lint-report", 1, "jettison.rules.dockerfile.finding", "LintReport", "jettison lint --json"),
    Document("rewrite", 1, "jettison.rebuild.dockerfile.record", "Rewrite", "jettison rewrite --json"),
    Document("estimate", 1, "jettison.plan.dockerfile.estimate", "Estimate", "jettison estimate --json"),
    Document("pin-report", 1, "jettison.rebuild.dockerfile.pins", "PinReport", "jettison pin --json"),
    Document("rule-list", 1, "jettison.rules.catalog", "RuleList", "jettison rules --json"),
    Document("rule", 1, "jettison.rules.catalog", "RuleText", "jettison explain RULE --json"),
    Document("failure", 1, "jettison.report.failure", "Failure", "any command with --json, on standard error"),
)


def document_of(record: object) -> Document:
    """Return the document that ``record`` is written as.

    Raises:
        KeyError: the record has none: a bug in the caller.
    """
    name = type(record).__name__
    for document in DOCUMENTS:
        if document.record == name:
            return document
    raise KeyError(name)


def record_type(document: Document) -> type:
    """Import the record of ``document`` and return its class."""
    found = getattr(importlib.import_module(document.module), document.record)
    assert isinstance(found, type)  # noqa: S101 -- DOCUMENTS is ours, and a test imports each
    return found


def schema_text(name: str) -> str:
    """Return the JSON Schema that ships for the document ``name``.

    Raises:
        UsageError: there is no such document.
    """
    for document in DOCUMENTS:
        if document.name == name:
            folder = resources.files("jettison.report") / "schemas"
            return (folder / f"{name}.json").read_text("utf-8")
    known = ", ".join(document.name for document in DOCUMENTS)
    raise UsageError(f"there is no schema {name!r}", hint=f"one of: {known}")
