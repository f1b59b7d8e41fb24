"""How long does the command take to start?"""

from measure import best, jettison, machine, table


def main() -> None:
    rows = [[f"jettison {word}", f"{best(jettison(word), 9).wall * 1000:.0f}"] for word in ("--version", "--help")]
    print(f"{machine()}\n\n{table(['what', 'ms'], rows)}")


if __name__ == "__main__":
    main()
