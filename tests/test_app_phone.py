"""The lessons on a phone, in a real browser: each step is reached, nothing is cut off, nothing lies on another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from test_app_browser import PHONE, SIDEWAYS, answering, chromium, live, served, settled, visit  # noqa: F401

from sim.app.lessons import lessons
from sim.app.texts import LANGUAGES, by_language

pytestmark = pytest.mark.full
#: Boxes that a reader sees, two of which lie on each other, neither in the other; the clock stands above all that
#: scrolls, and lines of a chart cross its words.
OVERLAPS = """() => {
    const seen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !one.closest('.sw-clock, dialog, .sw-drawer, [hidden]') && one.getBoundingClientRect().width > 1;
    const has = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const kinds = 'button, input, select, canvas, summary, svg text';
    const box = (one) => {
        if (one.matches(kinds)) return [one.getBoundingClientRect()];
        const range = document.createRange();
        range.selectNodeContents(one);
        return [...range.getClientRects()];
    };
    const all = [...document.querySelectorAll('.sw-stage *')]
        .filter((one) => seen(one) && (one.matches(kinds) || (has(one) && !one.closest(kinds) && !one.closest('svg'))))
        .flatMap((one) => box(one).map((place) => [one, place]));
    const found = [];
    all.forEach(([one, a], at) => all.slice(at + 1).forEach(([other, b]) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 2 && high > 3 && !one.contains(other) && !other.contains(one))
            found.push([one, other].map((which) => `${which.tagName} ${which.textContent.slice(0, 40)}`).join(' | '));
    }));
    return found;
}"""
CUT = """() => [...document.querySelectorAll('.sw-stage *')]
    .filter((one) => one.checkVisibility() && !one.closest('dialog, [hidden]')
        && (one.getBoundingClientRect().right > window.innerWidth + 1 || one.getBoundingClientRect().left < -1))
    .map((one) => `${one.tagName}.${one.getAttribute('class')} ${one.textContent.slice(0, 40)}`)"""


def looked_at(page: Page, what: str) -> None:
    """Nothing lies on another, nothing is cut off; a picture where a folder for them is named."""
    assert page.evaluate(SIDEWAYS) == [], what
    assert not page.evaluate(CUT), what
    assert not page.evaluate(OVERLAPS), what
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{what}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(4))
def test_every_step_of_a_lesson_on_a_phone(live, number, language):  # noqa: F811
    lesson, words = lessons()[number], by_language()[language]
    at = LANGUAGES.index(language)
    page = live(view=PHONE)
    page.get_by_label(by_language()["en"]["stage.language"], exact=True).select_option(language)
    page.get_by_text(words["stage.side"], exact=True).click()
    page.get_by_role("tab", name=words["stage.lessons"]).click()
    looked_at(page, f"{language}-list")
    page.locator(".sw-lesson-list button").nth(number).click()
    reached = page.locator(".sw-dots [aria-current]")
    for place, step in enumerate(lesson["steps"]):
        if place:
            page.locator(".sw-lessons .sw-primary").click()
        settled(page)
        name = step["name"][at] if "name" in step else words[f"stage.step_{step['kind']}"]
        expect(reached).to_have_text(name)
        expect(page.locator(".sw-step-text")).to_have_text(step["text"][at])
        if step["kind"] == "bet":
            expect(page.locator(".sw-guessing")).to_be_visible()
        elif "settings" in step:
            expect(page.locator(".sw-headline")).to_be_visible()
            chart = page.locator(".sw-marked").bounding_box()  # what the step speaks of stands beside its words
            words_end = page.locator(".sw-lessons").evaluate("one => one.getBoundingClientRect().bottom")
            assert words_end <= chart["y"] < words_end + 60
        looked_at(page, f"{language}-{lesson['id']}-{place}-{step['id']}")
    page.locator(".sw-lessons .sw-primary").click()
    expect(page.locator(".sw-lesson-list")).to_be_visible()
