"""What lesson 01 says with a number in it: each claim stands beside the experiment that it is about.

Thresholds were set before the worlds that are stored were drawn; what was tried before was drawn from other seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workshop.claims import Claim, Measurement
from workshop.studies.transfer_scenarios.experiments.counties import GDD_CLAIM
from workshop.studies.transfer_scenarios.experiments.imbalance import SMOTE_CLAIM
from workshop.studies.transfer_scenarios.experiments.one_shift import ONE_SHIFT_CLAIM
from workshop.studies.transfer_scenarios.experiments.randomisation import SHAPE_CLAIM
from workshop.studies.transfer_scenarios.experiments.transfer_map import LABELS_CLAIM, THREE_CLAIM

#: A claim, the name of the experiment behind it, and what takes the measurement from its result.
ABOUT: tuple[tuple[Claim, str, Callable[[Any], Measurement]], ...] = (
    (ONE_SHIFT_CLAIM, "shifts", lambda found: found.one_at_a_time()),
    (GDD_CLAIM, "counties", lambda found: found.measured()),
    (THREE_CLAIM, "map", lambda found: found.three_regions()),
    (LABELS_CLAIM, "map", lambda found: found.gain_falls()),
    (SMOTE_CLAIM, "imbalance", lambda found: found.measured()),
    (SHAPE_CLAIM, "renders", lambda found: found.measured()),
)

CLAIMS = {claim.id: claim for claim, _, _ in ABOUT}
