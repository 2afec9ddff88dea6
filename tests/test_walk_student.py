"""A student's walk: the lessons of the view, from a bet to what it cannot tell, in a real browser.

The walks of a policy researcher and of her reviewer are in `tests/walks`, run by `test_walks.py`.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_app_browser import answering, chromium, live, served, settled, visit  # noqa: F401


@pytest.mark.full
def test_a_student_bets_watches_switches_a_mechanism_off_and_carries_it_over(live):  # noqa: F811
    page = live()
    page.get_by_role("tab", name="Lessons").click()
    page.locator(".sw-lesson-list button").nth(1).click()
    page.wait_for_url(re.compile("b=locality_development"))
    settled(page)
    expect(page.locator(".sw-guessing")).to_be_visible()  # the bet comes first
    step = page.locator(".sw-dots [aria-current]")
    expect(step).to_have_text("Bet")
    page.get_by_role("button", name="Show me the end").click()
    expect(step).to_have_text("Watch")  # the lesson goes along with the stage
    page.locator(".sw-lessons").get_by_role("button", name="Back").click()
    expect(page.locator(".sw-guessing")).to_be_visible()
    expect(step).to_have_text("Bet")
    page.locator(".sw-lessons").get_by_role("button", name="Watch").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.locator(".sw-lessons").get_by_role("button", name="Switch it off").click()
    page.wait_for_url(re.compile("attends.conformity=2.5"))
    page.locator(".sw-lessons").get_by_role("button", name="Carry it over").click()
    page.locator(".sw-lessons").get_by_role("button", name="What this cannot tell you").click()
    expect(page.locator(".sw-step-limits")).to_contain_text("What this cannot tell you")


@pytest.mark.full
def test_a_student_sees_the_chart_that_the_lesson_speaks_of(live):  # noqa: F811
    page = live()
    page.get_by_role("tab", name="Lessons").click()
    page.locator(".sw-lesson-list button").nth(3).click()
    page.wait_for_url(re.compile("shock=0.15"))
    settled(page)
    marked = page.locator(".sw-charts .sw-marked h3")
    page.get_by_role("button", name="Show me the end").click()
    page.get_by_role("button", name="Table: Empowerment").click()
    table = page.get_by_role("region", name="Empowerment").locator("table")
    expect(marked).to_contain_text("Poverty")
    page.locator(".sw-lessons").get_by_role("button", name="Buying at home").click()
    page.wait_for_url(re.compile("import_share.value=0.3"))
    settled(page)
    expect(marked).to_contain_text("Local demand")
    expect(page.locator(".sw-charts h3").first).to_contain_text("Local demand")  # what the lesson speaks of comes first
    expect(table).to_be_visible()  # a chart that comes leaves the others alone
    page.locator(".sw-lessons").get_by_role("button", name="In poor villages").click()
    page.wait_for_url(re.compile("place=desa_miskin"))
    settled(page)
    expect(marked).to_contain_text("Poverty")
    expect(page.locator(".sw-charts h3", has_text="Local demand")).to_have_count(0)
