"""What lesson 05 says with a number in it, of the sine waves of Finn et al. (2017).

Thresholds were set after one pilot training of another seed than those that are stored and measured.
"""

from workshop.claims import Claim

AGREEMENT = "maml/agrees_with_learn2learn"


def _claims(shots: int, **thresholds: dict[str, float]) -> tuple[Claim, ...]:
    """The six claims about one K. Errors are mean squared errors; predicting 0 everywhere gives 4.25."""
    named = {
        "one_step_beats_baseline_ten": (
            f"Ten steps of the baseline on {shots} points leave a larger error than one step of MAML (the "
            "difference).", ">="
        ),
        "mse_after_1": (f"MAML's error after one step on {shots} points is small.", "<="),
        "mse_after_10": (f"After ten steps on the same {shots} points it is smaller still.", "<="),
        "baseline_after_10": (
            f"The baseline, with its own best step size, is far from it after ten steps on {shots} points.", ">="
        ),
        "unseen_half": (
            f"With all {shots} points on one side, one step of MAML leaves a small share of the baseline's error "
            "on the other side.", "<="
        ),
        "keeps_improving": (
            f"Nine more steps on the same {shots} points lower MAML's error further (the difference).", ">="
        ),
    }  # fmt: skip
    return tuple(
        Claim(
            f"maml/{name}_k{shots}", sentence, "%" if name == "unseen_half" else "MSE", op, thresholds[name]
        )
        for name, (sentence, op) in named.items()
    )


CLAIMS = {
    claim.id: claim
    for claim in (
        *_claims(
            10,
            one_step_beats_baseline_ten={"ci": 0.6, "class": 0.7},
            mse_after_1={"ci": 1.0, "class": 0.45},
            mse_after_10={"ci": 0.5, "class": 0.25},
            baseline_after_10={"ci": 1.3, "class": 1.1},
            unseen_half={"ci": 60, "class": 40},
            keeps_improving={"ci": 0.2, "class": 0.1},
        ),
        *_claims(
            5,
            one_step_beats_baseline_ten={"ci": 0.8, "class": 1.0},
            mse_after_1={"ci": 1.3, "class": 0.75},
            mse_after_10={"ci": 1.0, "class": 0.5},
            baseline_after_10={"ci": 2.0, "class": 1.8},
            unseen_half={"ci": 65, "class": 40},
            keeps_improving={"ci": 0.15, "class": 0.1},
        ),
        Claim(
            AGREEMENT,
            "Our meta-gradients are those of learn2learn, but for rounding.",
            "",
            "<=",
            {"class": 1e-12},
        ),
    )
}
