"""What lesson 06 says with a number in it. Thresholds were set after pilots with other draws than those
that are stored and measured."""

from workshop.claims import Claim

POINTS = "points"

CLAIMS = {
    claim.id: claim
    for claim in (
        Claim(
            "labels/dawid_skene_few_labels",
            "With ten labels a worker, full Dawid-Skene falls behind majority vote (by).",
            POINTS, ">=", {"ci": 2, "class": 3},
        ),
        Claim(
            "labels/dawid_skene_vs_majority",
            "With 300 labels a worker, full Dawid-Skene leads majority vote (by).",
            POINTS, ">=", {"ci": 4, "class": 5},
        ),
        Claim(
            "labels/one_coin_is_safe",
            "The one-coin form is ahead of majority vote with few labels a worker as well: its smallest lead.",
            POINTS, ">=", {"ci": 0, "class": 1},
        ),
        Claim(
            "labels/likelihood_never_falls",
            "From iteration to iteration the log-likelihood never falls: its smallest step per label.",
            "", ">=", {"class": -1e-9},
        ),
        Claim(
            "labels/worker_types",
            "With 75 labels a worker, four types of workers are told apart by what they said.",
            "% of workers", ">=", {"ci": 75, "class": 80},
        ),
        Claim(
            "labels/managed_vs_crowd",
            "HiveMind counted at least ten times as many errors of the $0.40 crowd as of the managed team.",
            "times", ">=", {"class": 10},
        ),
        Claim(
            "labels/break_even",
            "One label of the managed team is worth more than two of the crowd, weighed by their consensus.",
            "labels", ">=", {"class": 2},
        ),
        Claim(
            "labels/gold_pays_for_votes",
            "When votes are counted, a few gold questions (3%) lower the price of a right label (by).",
            "%", ">=", {"ci": 3, "class": 5},
        ),
        Claim(
            "labels/gold_stops_paying",
            "When a consensus weighs the workers, a tenth of gold questions raises it (by).",
            "%", ">=", {"ci": 2, "class": 3},
        ),
        Claim(
            "labels/redundancy_raises_labels",
            "With 3,000 labels, nine an item instead of one make the labels better (by).",
            POINTS, ">=", {"class": 30},
        ),
        Claim(
            "labels/redundancy_tradeoff",
            "A regularised model that learns from their votes gets worse (by).",
            POINTS, ">=", {"class": 1.5},
        ),
        Claim(
            "labels/redundancy_flips",
            "A model that believes the winner of every vote gets better (by).",
            POINTS, ">=", {"class": 10},
        ),
        Claim(
            "labels/model_as_annotator",
            "At three labels an item, a model that joins the annotators beats the same model that does not (by).",
            POINTS, ">=", {"class": 1},
        ),
        Claim(
            "labels/noise_shape",
            "Of 40% wrong labels, those that all go to the lookalike cost more than those that go anywhere (by).",
            POINTS, ">=", {"class": 10},
        ),
        Claim(
            "labels/noise_loss",
            "With 40% symmetric noise, generalised cross-entropy is ahead of cross-entropy (by).",
            POINTS, ">=", {"class": 3},
        ),
        Claim(
            "labels/labels_vs_architecture",
            "Number and quality of labels spread a model's accuracy wider than architecture does (deviations' ratio).",
            "times", ">=", {"class": 2},
        ),
    )
}  # fmt: skip
