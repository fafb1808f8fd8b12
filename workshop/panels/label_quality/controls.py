"""The controls of the cost panel: one for each attribute of a plan."""

from __future__ import annotations

import ipywidgets as widgets

from workshop.studies.label_quality.economy import SCREENING, WORKFORCES
from workshop.studies.label_quality.plan import AGGREGATION, PARTNERS, Plan

#: Heading -> the attributes of :class:`~workshop.studies.label_quality.Plan` whose controls stand under it.
COLUMNS = {
    "What is done": ("budget", "redundancy", "aggregation", "gold", "feedback", "reviewed"),
    "Who does it": ("crowd", "partner", "pay", "paid_by", "screening"),
}
_STYLE = {"description_width": "10.5em"}
_WIDE = widgets.Layout(width="28em")


def make_controls() -> dict[str, widgets.Widget]:
    """Attribute of a plan -> its control, as the default plan says."""
    return {
        "budget": _choice(
            "Budget:", [(f"${d:,}", float(d)) for d in (50, 125, 250, 500, 1_000, 2_000, 4_000)], "budget"
        ),
        "redundancy": widgets.IntSlider(
            value=Plan.redundancy, min=1, max=11, description="Labels an item:", style=_STYLE, layout=_WIDE
        ),
        "aggregation": _menu("Consensus:", list(AGGREGATION), "aggregation"),
        "gold": _choice("Gold questions:", _per_cent(0.0, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5), "gold"),
        "feedback": widgets.Checkbox(
            value=Plan.feedback, description="Show the gold answers", style={"description_width": "10.5em"},
            indent=True, layout=_WIDE,
        ),
        "reviewed": _choice("Expert reviews:", _per_cent(0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0), "reviewed"),
        "crowd": _choice("Labels by the crowd:", _per_cent(0.0, 0.25, 0.5, 0.75, 1.0), "crowd"),
        "partner": _menu("The others by:", [(WORKFORCES[name].title, name) for name in PARTNERS], "partner"),
        "pay": _choice("Crowd's pay a label:", [(f"${p:.2f}", p) for p in (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)],
                       "pay"),
        "paid_by": _menu("Crowd is paid by:", [("the label", "annotation"), ("the hour", "hour")], "paid_by"),
        "screening": _menu("Crowd is screened:", list(SCREENING), "screening"),
    }  # fmt: skip


def _per_cent(*shares: float) -> list[tuple[str, float]]:
    return [(f"{share:.0%}", share) for share in shares]


def _choice(description: str, options: list, attribute: str) -> widgets.SelectionSlider:
    return widgets.SelectionSlider(
        options=options, value=getattr(Plan, attribute), description=description, style=_STYLE, layout=_WIDE
    )


def _menu(description: str, options: list, attribute: str) -> widgets.Dropdown:
    return widgets.Dropdown(
        options=options, value=getattr(Plan, attribute), description=description, style=_STYLE, layout=_WIDE
    )
