"""What lesson 03 says with a number in it."""

from workshop.claims import Claim

CLAIMS = {
    claim.id: claim
    for claim in (
        Claim(
            "adaptation/source_on_source",
            "At home the source network is good: it reads most source digits it has not seen.",
            "%", ">=", {"ci": 88, "class": 91},
        ),
        Claim(
            "adaptation/source_only",
            "Away from home it is not: read by the source's statistics, many target digits are lost.",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/batch_statistics",
            "New batch statistics alone do not close the gap.",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/dann",
            "The adversary alone does not close it either, once network and augmentation are the same.",
            "%", "<=", {"ci": 85, "class": 88},
        ),
        Claim(
            "adaptation/target_accuracy",
            "Confident pseudo-labels close it, without one target label.",
            "%", ">=", {"ci": 90, "class": 97},
        ),
        Claim(
            "adaptation/oracle",
            "Target labels would have bought only a little more.",
            "%", ">=", {"ci": 96, "class": 98},
        ),
        Claim(
            "adaptation/hard_direction",
            "The other way round, untreated, most digits are lost: from the target's pictures to the source's.",
            "%", "<=", {"ci": 60, "class": 60},
        ),
    )
}  # fmt: skip
