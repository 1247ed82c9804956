"""Trains the grid scorer: `python tools/train_grid_scorer.py FOLDER` after `tools/sheets/generator.py --split train`.

Needs PyTorch, which nothing else here does.  Prints what is found at several rates of false positives on a fifth that
is held out, then trains on everything and writes src/tutela/grids/scorer.json.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tutela import _kernel
from tutela.grids.separation import LONGEST_SIDE, luma, reduced

TARGET = Path(__file__).resolve().parent.parent / "src" / "tutela" / "grids" / "scorer.json"
INPUTS = 22
#: The logit from which a picture is believed to be a composite.
THRESHOLD = 2.0
EPOCHS = 200
BATCH = 256


def look(folder: Path) -> list[tuple[np.ndarray, bool]]:
    """Return features (all zero where the geometry found no cell) and whether it is a composite, for every picture."""
    rows = []
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        grey = luma(np.asarray(Image.open(folder / truth["file"]).convert("RGB")))
        _, features = _kernel.separate(reduced(grey, -(-max(grey.shape) // LONGEST_SIDE)))
        rows.append((features[:INPUTS], truth["kind"] != "single"))
    return rows


def train(rows: list[tuple[np.ndarray, bool]]) -> tuple[torch.nn.Sequential, np.ndarray, np.ndarray]:
    """Return the network and the mean and scale of its inputs."""
    seen = [row for row in rows if row[0].any()]
    inputs = np.array([features for features, _ in seen])
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    torch.manual_seed(0)
    layers = [torch.nn.Linear(INPUTS, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(16, 1))
    given = torch.tensor((inputs - mean) / scale, dtype=torch.float32)
    wanted = torch.tensor([float(answer) for _, answer in seen])
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=3e-2)
    steps = EPOCHS * (len(given) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(given))
        for at in range(0, len(given), BATCH):
            chosen = order[at : at + BATCH]
            noisy = given[chosen] + 0.08 * torch.randn_like(given[chosen])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(noisy)[:, 0], wanted[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network, mean, scale


def report(network: torch.nn.Sequential, mean: np.ndarray, scale: np.ndarray, rows: list[Any]) -> None:
    """Print the share of composites found at several shares of singles taken for one."""
    with torch.no_grad():
        inputs = torch.tensor((np.array([row[0] for row in rows]) - mean) / scale, dtype=torch.float32)
        logits = network(inputs)[:, 0].numpy()
    logits[[not row[0].any() for row in rows]] = -99.0
    answers = np.array([row[1] for row in rows])
    singles = np.sort(logits[~answers])[::-1]
    for allowed in (0.001, 0.003, 0.01, 0.03):
        limit = singles[int(allowed * len(singles))]
        print(f"false positives {allowed:.1%}: logit {limit:.2f}, found {np.mean(logits[answers] > limit):.1%}")


def main() -> None:
    """Train, report, write."""
    rows = look(Path(sys.argv[1]))
    random.Random(1).shuffle(rows)
    cut = len(rows) * 4 // 5
    report(*train(rows[:cut]), rows[cut:])
    network, mean, scale = train(rows)
    layers = [
        {
            "weight": layer.weight.detach().numpy().round(4).tolist(),
            "bias": layer.bias.detach().numpy().round(4).tolist(),
        }
        for layer in network
        if isinstance(layer, torch.nn.Linear)
    ]
    record = {
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "layers": layers,
        "threshold": THRESHOLD,
    }
    TARGET.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
