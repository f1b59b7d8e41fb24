"""How far is the model of a pull from pulls? The first image tells the rate of unpacking, the others are worked out.

python bench/coldstart_bench.py WORKLOAD IMAGE IMAGE …    such as `make demo` leaves in demo-out

Each is pulled by the own sandbox over 1 Gbps and 200 Mbps, one cold start each; the goal is 15 %.
"""

import sys
from pathlib import Path

from jettison.api.coldstart import coldstart
from jettison.files.read import read_table
from jettison.plan.coldstart.loads import loads_of
from jettison.run.link import Shape
from jettison.run.pullmodel import predict
from jettison.run.workload_file import load_workload
from jettison.sources.open import open_image
from measure import machine, table

LINKS = (125_000_000, 25_000_000)


def main() -> None:
    workload = load_workload(Path(sys.argv[1]))
    rows, rate, how = [], 0.0, ""
    for number, reference in enumerate(sys.argv[2:]):
        loaded = read_table(open_image(reference))
        for bandwidth in LINKS:
            record = coldstart(reference, workload=workload, shape=Shape(bandwidth), passes=1)
            how, rate = record.link, rate or float(record.unpack_rate)
            seconds = {phase.name: phase.seconds for phase in record.phases}
            pull = seconds["network"] + seconds["unpack"]
            told = predict(loads_of(loaded, rate), bandwidth).total
            own = " (tells the rate)" if number == 0 and bandwidth == LINKS[0] else ""
            name = Path(reference.partition(":")[2]).name
            rows.append(
                [
                    f"{name}, {bandwidth * 8 // 10**6} Mbps{own}",
                    f"{record.stored / 1e6:.0f}",
                    f"{pull:.1f}",
                    f"{told:.1f}",
                    f"{told / pull - 1:+.0%}",
                    f"{record.total:.1f}",
                ]
            )
    print(f"{machine()}\n\nThe link was {how}.\n")
    print(table(["image and link", "MB", "pull s", "model s", "off", "cold start to first answer s"], rows))


if __name__ == "__main__":
    main()
