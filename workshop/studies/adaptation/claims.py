"""What lesson 03 says with a number in it, of renders and mnist10k."""

from workshop.claims import Claim

CLAIMS = {
    claim.id: claim
    for claim in (
        Claim(
            "adaptation/source_on_source",
            "At home the source network is good: it reads nine of ten digits it has not seen.",
            "%", ">=", {"ci": 88, "class": 91},
        ),
        Claim(
            "adaptation/source_only",
            "Away from home it loses more than one digit in ten (rung 0).",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/batch_statistics",
            "New batch statistics alone do not close the gap (rung 1).",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/dann",
            "The adversary alone does not close it either (rung 2).",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/target_accuracy",
            "Confident pseudo-labels close it, without one target label (rung 3).",
            "%", ">=", {"ci": 91, "class": 97},
        ),
        Claim(
            "adaptation/oracle",
            "With target labels the same network reads nearly every digit (rung 4).",
            "%", ">=", {"ci": 96, "class": 98},
        ),
        Claim(
            "adaptation/hard_direction",
            "The other way round, rung 0 loses at least four digits in ten.",
            "%", "<=", {"ci": 60, "class": 60},
        ),
    )
}  # fmt: skip
