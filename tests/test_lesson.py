"""What a lesson says: the words for the reader, the numbers for the runner."""

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from workshop import lesson
from workshop.claims import Claim, Measurement, skipped
from workshop.errors import WorkshopError

pytestmark = pytest.mark.fast

CLAIMS = {
    "t/yes": Claim("t/yes", "It reads <most> digits.", "%", ">=", {"class": 90}),
    "t/no": Claim("t/no", "It reads few.", "%", "<=", {"class": 10}),
    "t/none": Claim("t/none", "It was not tried.", "%", ">=", {"class": 1}),
}


class FakeStudy(SimpleNamespace):
    def describe(self):
        return "a <fake> study"

    def measure(self, claim_id):
        if claim_id == "t/none":
            return skipped("nowhere", "ci")
        return Measurement(95.0, (94.0, 96.0), "fake data", (0, 1), "class", "stored")


@pytest.fixture
def shown(monkeypatch):
    """Everything that was displayed: (bundle, metadata)."""
    seen = []
    monkeypatch.setattr(
        lesson, "display", lambda bundle, raw=False, metadata=None, **_: seen.append((bundle, metadata))
    )
    return seen


@pytest.fixture
def started(shown):
    lesson.start(FakeStudy(lesson="99_test", budget="class", claims=CLAIMS))
    shown.clear()
    return shown


def test_start_says_what_is_run(shown):
    lesson.start(FakeStudy(lesson="99_test", budget="class", claims=CLAIMS))
    page = BeautifulSoup(shown[0][0]["text/html"], "html.parser")
    assert page.text == "99_test · a <fake> study"


@pytest.mark.parametrize(
    ("claim", "word"), [("t/yes", "holds"), ("t/no", "does not hold"), ("t/none", "skipped")]
)
def test_a_verdict_tells_reader_and_runner(started, claim, word):
    lesson.verdict(claim)
    bundle, metadata = started[0]
    assert bundle["text/plain"] == f"{claim}: {word}"
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert CLAIMS[claim].sentence in page.text and word in page.text
    told = metadata["workshop"]["verdict"]
    assert set(told) == {"id", "claim", "value", "unit", "interval", "op", "threshold", "holds", "data", "seeds",
                         "budget", "status", "claimed"}  # fmt: skip
    assert told["holds"] is {"holds": True, "does not hold": False, "skipped": None}[word]


def test_what_is_measured_is_marked_so_that_nbval_can_mask_it(started):
    lesson.verdict("t/yes")
    page = BeautifulSoup(started[0][0]["text/html"], "html.parser")
    masked = page.find("span", class_="measured").extract().text
    assert "95.0 % (95%: 94.0 to 96.0)" in masked and "stored result" in masked
    assert not any(c.isdigit() for c in page.text)


def test_an_unknown_claim_names_those_there_are(started):
    with pytest.raises(WorkshopError, match=r"no claim 't/maybe'\. It makes: t/yes, t/no, t/none"):
        lesson.verdict("t/maybe")


def test_a_verdict_before_the_start_says_what_to_do(monkeypatch):
    monkeypatch.setattr(lesson, "_study", None)
    with pytest.raises(WorkshopError, match=r"Run the cell with `lesson.start"):
        lesson.verdict("t/yes")


def test_a_guess_is_kept_when_it_is_committed(started, monkeypatch):
    buttons = []
    made = lesson.widgets.Button
    monkeypatch.setattr(
        lesson.widgets, "Button", lambda **options: buttons.append(made(**options)) or buttons[-1]
    )
    lesson.predict("share", "What share?", between=(0, 100), unit="%")
    bundle, _ = started[0]
    assert bundle["text/plain"] == "Predict: What share?"
    assert "application/vnd.jupyter.widget-view+json" in bundle and "What share?" in bundle["text/html"]
    assert lesson.guess("share") is None  # nobody has committed: runs without a reader go on
    buttons[0].click()
    assert lesson.guess("share") == 50


def test_a_choice_must_be_made_before_it_is_kept(started, monkeypatch):
    buttons, controls = [], []
    button, radio = lesson.widgets.Button, lesson.widgets.RadioButtons
    monkeypatch.setattr(lesson.widgets, "Button", lambda **o: buttons.append(button(**o)) or buttons[-1])
    monkeypatch.setattr(
        lesson.widgets, "RadioButtons", lambda **o: controls.append(radio(**o)) or controls[-1]
    )
    lesson.predict("way", "Which?", choices=["up", "down"])
    buttons[0].click()
    assert lesson.guess("way") is None
    controls[0].value = "down"
    buttons[0].click()
    assert lesson.guess("way") == "down"


def test_a_new_start_forgets_old_guesses(started):
    lesson._guesses["share"] = 1
    lesson.start(FakeStudy(lesson="99_test", budget="class", claims=CLAIMS))
    assert lesson.guess("share") is None


@pytest.mark.parametrize("options", [{}, {"between": (0, 1), "choices": ["a"]}])
def test_a_prediction_is_a_number_or_a_choice(started, options):
    with pytest.raises(WorkshopError, match="give one"):
        lesson.predict("x", "?", **options)


def test_a_check_tells_reader_and_runner(started):
    lesson.check("adaptation-strength", answer=lambda progress, steepness: progress)
    bundle, metadata = started[0]
    assert bundle["text/plain"] == "adaptation-strength: 2 of 3 examples"
    assert metadata["workshop"]["check"] == {"id": "adaptation-strength", "passed": 2, "of": 3}
    assert "a straight line is a ramp, but not this one" in bundle["text/html"]
    assert "Example 3, strength(progress=0.5, steepness=2): it is 1.082 times" in bundle["text/html"]


def test_progress_is_told_and_ends_with_the_time(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda html: shown.append(html.data))
    monkeypatch.setattr(lesson, "display", lambda html, display_id=None: shown.append(html.data) or handle)
    clock = iter([0.0, 0.5, 2.0, 4.0])
    monkeypatch.setattr(lesson.time, "monotonic", lambda: next(clock))
    on_step = lesson.announce("rung <3>")
    assert on_step(20, 100, {}) and on_step(50, 100, {}) and on_step(100, 100, {})
    assert len(shown) == 3 and "<3>" not in "".join(shown)
    assert "step 50 of 100, 2 s to go" in shown[1] and "trained in 4 s" in shown[2]
