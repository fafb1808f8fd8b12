"""Build ``data/fleiss1971.csv`` from the test data of statsmodels. Kept so that anyone can repeat it.

    python data/build_fleiss1971.py

statsmodels holds 30 patients, each with the diagnoses of six psychiatrists out of a larger group, in ascending order:
who said what is lost. What is left are counts, as in Fleiss (1971), Psychological Bulletin 76, table 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from statsmodels.stats.tests.test_inter_rater import diagnoses

#: In the order of their numbers, 1 to 5.
DIAGNOSES = ("depression", "personality disorder", "schizophrenia", "neurosis", "other")
TARGET = Path(__file__).with_name("fleiss1971.csv")


def counts() -> np.ndarray:
    """(30, 5): how often each patient was given each diagnosis."""
    return np.stack([np.bincount(patient, minlength=6)[1:] for patient in diagnoses])


if __name__ == "__main__":
    lines = [",".join(DIAGNOSES), *(",".join(map(str, patient)) for patient in counts())]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
