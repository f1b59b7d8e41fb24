"""How long does the command take to start, and to lint a small project? Run it in the folder of the repository."""

from measure import best, jettison, machine, table

PROJECT = "examples/recipes/uv"


def main() -> None:
    commands = ("--version",), ("--help",), ("lint", PROJECT, "--fail-on", "never", "-q")
    rows = [[f"jettison {' '.join(words)}", f"{best(jettison(*words), 9).wall * 1000:.0f}"] for words in commands]
    print(f"{machine()}\n\n{table(['what', 'ms'], rows)}")


if __name__ == "__main__":
    main()
