"""Trains a small network on made-up data and ends: train.py --config FILE [--out FOLDER]."""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import yaml
from tensorboardX import SummaryWriter
from tqdm import tqdm

HALF = 0.5


def data(draws: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return points of the plane, and whether each is inside a ring."""
    x = draws.uniform(-2, 2, (400, 2))
    return x, (np.abs(np.hypot(x[:, 0], x[:, 1]) - 1.2) < HALF).astype(float)


def train(config: dict, seed: int, out: Path) -> dict:
    draws = np.random.default_rng(seed)
    x, wanted = data(draws)
    first, second = draws.standard_normal((3, config["width"])), draws.standard_normal(config["width"] + 1) * 0.1
    ones = np.ones((len(x), 1))
    with SummaryWriter(str(out)) as log:
        for epoch in tqdm(range(config["epochs"]), disable=True):
            inner = np.tanh(np.hstack([x, ones]) @ first)
            inner = np.hstack([inner, ones])
            guess = 1 / (1 + np.exp(-inner @ second))
            error = (guess - wanted) / len(x)
            back = np.outer(error, second[:-1]) * (1 - inner[:, :-1] ** 2)
            second -= config["rate"] * inner.T @ error
            first -= config["rate"] * np.hstack([x, ones]).T @ back
            loss = float(-(wanted * np.log(guess) + (1 - wanted) * np.log(1 - guess)).mean())
            log.add_scalar("loss", loss, epoch)
    np.savez(out / "weights.npz", first=first, second=second)
    return {"loss": round(loss, 6), "accuracy": round(float(((guess > HALF) == wanted).mean()), 4)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(json.dumps(train(yaml.safe_load(options.config.read_text()), int(os.environ["SEED"]), options.out)))
