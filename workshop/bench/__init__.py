"""``python -m workshop bench``: speed as a ratio against a named peer on the same work, to ``build/bench.json``.

One thread, interleaved runs, medians. A ratio above 1 means that ours is better. A file a lesson.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict

from workshop import settings
from workshop.bench import (
    adaptation,
    cost_panel,
    fine_tuning,
    label_quality,
    meta_learning,
    transfer_scenarios,
)
from workshop.bench.timing import Row
from workshop.files import write_whole

#: lesson -> its rows, measured when called
BENCHES: dict[str, Callable[[], list[Row]]] = {
    "01_transfer_scenarios": transfer_scenarios.rows,
    "02_fine_tuning_spectrum": fine_tuning.rows,
    "03_domain_adaptation": adaptation.rows,
    "05_meta_learning": meta_learning.rows,
    "06_label_quality": lambda: [*label_quality.rows(), *cost_panel.rows()],
}


def main(arguments: list[str]) -> int:
    """Measure every row, print them, and write ``build/bench.json``; returns 0."""
    parser = argparse.ArgumentParser("python -m workshop bench", description=__doc__)
    parser.add_argument("--lesson", nargs="+", choices=sorted(BENCHES), default=sorted(BENCHES))
    asked = parser.parse_args(arguments)
    settings.use_threads()
    rows: list[Row] = []
    for lesson in asked.lesson:
        for row in BENCHES[lesson]():
            rows.append(row)
            against = f"{row.ratio:.2f} x {row.peer_name}" if row.ratio else row.peer_name or "no peer"
            print(f"{row.name}: {row.ours:,.4g} {row.unit} ({against}) {row.note}", flush=True)
    file = settings.build_folder() / "bench.json"
    write_whole(file, json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print(f"Written: {file}")
    return 0
