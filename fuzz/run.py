"""Run the fuzz targets, each for a fixed number of inputs: ``python fuzz/run.py [--runs N] [--target NAME]``.

A target is a module in ``fuzz/targets`` with ``run(data: bytes) -> None``, which feeds a parser and lets only
:class:`~jettison.errors.JettisonError` pass, and ``CORPUS: tuple[bytes, ...]``. Where atheris is installed, it drives
them by coverage; else a mutator changes the corpus at random from a fixed seed, so that every run is the same run.
"""

import argparse
import importlib.util
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ROOT / "fuzz" / "targets"
SECONDS = 10  # that one input may take
MEMORY = 4 << 30  # bytes of address space that the parsers may take
LENGTH = 1 << 16
ATHERIS = importlib.util.find_spec("atheris") is not None

# Values at which parsers of text and of numbers break.
TOKENS = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\x80", b"\x7f", b"-1", b"0", b"9" * 25, b"1e999", b"NaN",
    b"null", b"true", b"{", b"}", b"[", b"]", b"[" * 80, b'"', b"\\", b"\\ud800", b",", b":", b"=", b"\n", b"\r\n",
    b"\n\n", b" ", b"\t", b"/", b"..", b"../", b"//", b"./", b"%", b"sha256:", b"\xc3\x28", b"\xef\xbb\xbf",
    b"777777777777", b"x" * 300,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A module of ``fuzz/targets``.

    Attributes:
        name: of the module.
        run: feeds the parser with one input.
        corpus: inputs to start from.
    """

    name: str
    run: Callable[[bytes], None]
    corpus: tuple[bytes, ...]


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments say; return 0, or 1 when an input broke a target, 2 when there is no such target."""
    parser = argparse.ArgumentParser(description="Run the fuzz targets.")
    parser.add_argument("--runs", type=int, default=3000, help="inputs for each target (default: %(default)s)")
    parser.add_argument("--target", action="append", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="of the mutator (default: %(default)s)")
    parser.add_argument("--atheris", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    sys.path.insert(0, str(ROOT))
    names = args.target or [path.stem for path in sorted(TARGETS.glob("[a-z]*.py"))]
    if missing := [name for name in names if not (TARGETS / f"{name}.py").is_file()]:
        print(f"no such target: {', '.join(missing)}")  # noqa: T201 -- the runner prints
        return 2
    if args.atheris:
        with_atheris(names[0], args.runs)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    results = [report(name, args.runs, args.seed) for name in names]
    return 0 if all(results) else 1


def load(name: str) -> Target:
    """Import a target."""
    spec = importlib.util.spec_from_file_location(f"fuzz.targets.{name}", TARGETS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Target(name, module.run, module.CORPUS)


def report(name: str, runs: int, seed: int) -> bool:
    """Run one target and print one line about it; with the input in hex when it broke."""
    began = time.monotonic()
    problem = in_child(name, runs) if ATHERIS else mutated(load(name), runs, seed)
    seconds = time.monotonic() - began
    print(f"{name:24} {runs} runs {seconds:6.2f} s  {problem or 'ok'}", flush=True)  # noqa: T201 -- the runner prints
    return not problem


def mutated(target: Target, runs: int, seed: int) -> str:
    """Feed the corpus and then mutations of it; return what broke, or nothing."""
    signal.signal(signal.SIGALRM, _too_long)
    for number, data in enumerate(inputs(target, runs, seed)):
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 -- whatever a target lets pass is a finding
            return f"run {number}: {type(error).__name__}: {error}\n{data.hex()}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def inputs(target: Target, runs: int, seed: int) -> Iterator[bytes]:
    """Give ``runs`` inputs, the same for the same seed."""
    yield from target.corpus[:runs]
    for number in range(len(target.corpus), runs):
        chance = random.Random(f"{target.name}:{seed}:{number}")  # noqa: S311 -- repeatable on purpose
        yield mutate(chance, target.corpus)


def mutate(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Return an input of the corpus with a few changes."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        chance.choice(CHANGES)(chance, data, corpus)
    return bytes(data[:LENGTH])


Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def _flip(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _insert(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = chance.randint(0, len(data))
    data[place:place] = chance.choice(TOKENS)


def _overwrite(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    token = chance.choice(TOKENS)
    place = chance.randint(0, len(data))
    data[place : place + len(token)] = token


def _remove(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = chance.randint(0, len(data))
    del data[place : place + chance.choice((1, 2, 4, 16, 512))]


def _repeat(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = chance.randint(0, len(data))
    piece = data[place : place + chance.choice((1, 8, 64, 512, 1024))]
    data[place:place] = piece * chance.choice((1, 1, 2, 20))


def _splice(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    other = chance.choice(corpus)
    place = chance.randint(0, len(other))
    data[chance.randint(0, len(data)) :] = other[place:]


def _cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    del data[chance.randint(0, len(data)) :]


CHANGES: tuple[Change, ...] = (_flip, _set, _insert, _overwrite, _remove, _repeat, _splice, _cut)


def in_child(name: str, runs: int) -> str:
    """Run one target under atheris, which ends its process; return what broke, or nothing."""
    command = [sys.executable, __file__, "--atheris", "--target", name, "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- this very script
    # libFuzzer's alarm may go off while Python ends, after all runs went well
    ended_late = done.returncode == -signal.SIGALRM and f"Done {runs} in" in done.stderr
    return "" if done.returncode == 0 or ended_late else f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def with_atheris(name: str, runs: int) -> None:
    """Let atheris drive a target, with only Jettison's own modules instrumented; ends the process."""
    import atheris  # noqa: PLC0415 -- only where it is installed

    with atheris.instrument_imports(include=["jettison"]):
        target = load(name)
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(target.corpus):
            (Path(folder) / str(number)).write_bytes(data)
        options = [f"-atheris_runs={runs}", f"-max_len={LENGTH}", f"-timeout={SECONDS}", "-seed=1"]
        atheris.Setup([name, *options, f"-artifact_prefix={folder}/", folder], lambda data: _told(target, data))
        atheris.Fuzz()


def _told(target: Target, data: bytes) -> None:
    try:
        target.run(data)
    except Exception:
        print(data.hex(), flush=True)  # noqa: T201 -- the runner prints
        raise


def _too_long(*_: object) -> None:
    raise TimeoutError(f"one input took more than {SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
