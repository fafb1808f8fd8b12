"""What a reader's hand and eye do in a panel: press a key and wait for the picture, read what stands out."""

from __future__ import annotations

#: Milliseconds from a key pressed to new words and a new picture, both in the page.
LATENCY = """
panel => {
    const words = panel.querySelector("[role=status]").closest(".widget-html-content")
    const frame = panel.querySelector("img").closest(".widget-html-content")
    window.redrawn = new Promise(tell => {
        let pressed
        panel.addEventListener("keydown", () => { pressed = performance.now() }, {capture: true, once: true})
        const said = new Promise(done => new MutationObserver(done).observe(words, {childList: true}))
        const drawn = new Promise(done => new MutationObserver(done).observe(frame, {childList: true}))
            .then(() => frame.querySelector("img").decode())
        setTimeout(() => tell(99999), 10000)
        Promise.all([said, drawn]).then(() => tell(performance.now() - pressed))
    })
}
"""

#: Texts of boxes, panels and figures whose contrast with what lies behind them is below WCAG's 4.5.
CONTRAST = """
() => {
    const read = colour => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number)
        return {rgb: [r, g, b], a}
    }
    const behind = element => {
        if (!element) return [255, 255, 255]
        const {rgb, a} = read(getComputedStyle(element).backgroundColor)
        if (a === 1) return rgb
        return behind(element.parentElement).map((below, i) => a * rgb[i] + (1 - a) * below)
    }
    const light = rgb => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
    const contrast = element => {
        const pair = [light(read(getComputedStyle(element).color).rgb), light(behind(element))].sort()
        return (pair[1] + 0.05) / (pair[0] + 0.05)
    }
    const texts = "[role=note], [role=note] *, [role=status], .widget-label, .widget-html-content, .widget-readout, "
        + ".widget-radio-box label, summary, .jp-OutputArea select:enabled, .jp-OutputArea button:enabled"
    const all = [...document.querySelectorAll(texts)].filter(element => element.innerText.trim())
    return {seen: all.length, faint: all.filter(e => contrast(e) < 4.5)
        .map(e => `${contrast(e).toFixed(1)} ${e.className} ${e.innerText.slice(0, 40)}`)}
}
"""


def expect(part):
    """Playwright's ``expect``; Playwright is there when the fixture ``chromium`` is."""
    from playwright.sync_api import expect as soon

    return soon(part)


def press(lesson, handle, key: str) -> float:
    """Press a key at a slider of a panel; returns milliseconds until its words and its picture are new."""
    panel = handle.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea')]").last
    panel.evaluate(LATENCY)
    handle.focus()
    lesson.page.keyboard.press(key)
    return lesson.page.evaluate("window.redrawn")


def slider(panel, label: str):
    """The handle of the slider with this label."""
    return panel.locator(".widget-slider").filter(has_text=label).get_by_role("slider")


def too_faint(lesson, theme: str, slices: str, texts: int = 30) -> list[str]:
    """Texts that do not stand out in a theme, of at least so many; pictures of the whole lesson in it are kept."""
    lesson.theme(theme)
    lesson.slices(slices)
    found = lesson.page.evaluate(CONTRAST)
    lesson.theme("JupyterLab Light")
    assert found["seen"] > texts
    return found["faint"]


def too_wide(lesson) -> list[str]:
    """Outputs and texts that are wider than the page on a projector, 1920 x 1080 at 150 %."""
    lesson.page.set_viewport_size({"width": 1280, "height": 720})
    return lesson.page.evaluate(
        """() => [...document.querySelectorAll(".jp-OutputArea-output, .jp-RenderedMarkdown")]
            .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.innerText.slice(0, 80))"""
    )


def ran_whole(lesson, cells: int) -> None:
    """The lesson has at least so many code cells; they ran in order, and none said anything on the side of errors."""
    found = lesson.code_cells()
    assert len(found) >= cells
    assert [cell["count"] for cell in found] == list(range(1, len(found) + 1))
    assert [cell["source"] for cell in found if {"error", "stderr"} & set(cell["outputs"])] == []
    expect(lesson.page.get_by_text("Error displaying widget")).to_have_count(0)
