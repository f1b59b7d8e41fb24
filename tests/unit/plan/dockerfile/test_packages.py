"""Which packages of a recipe the runtime stage has."""

from jettison.plan.dockerfile.packages import runtime_packages

ASKED = ("build-essential", "python3-dev", "python3-pip", "libpq-dev", "libgl1", "curl", "vim", "ffmpeg=7:5.1")


def test_what_runs_stays_and_what_builds_goes() -> None:
    """Compilers, headers and unused tools are left; a -dev package becomes its library; a pin stays."""
    kept, left = runtime_packages(ASKED, frozenset({"curl"}), "debian")
    assert kept == ["libpq5", "libgl1", "curl", "ffmpeg=7:5.1"]
    assert left == ["build-essential", "python3-dev", "python3-pip", "libpq-dev", "vim"]


def test_a_service_that_compiles_keeps_compilers_and_headers() -> None:
    """What Triton and torch.compile call at run time stays; installers and tools go all the same."""
    kept, left = runtime_packages(ASKED, frozenset(), "debian", compiles=True)
    assert kept == ["build-essential", "python3-dev", "libpq-dev", "libgl1", "ffmpeg=7:5.1"]
    assert left == ["python3-pip", "curl", "vim"]
