"""Every control of the view, moved in a real browser: it answers, and with a run of the settings in the address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from test_app_browser import answering, at_the_end, chromium, live, poverty, served, settled, shown, visit  # noqa: F401

from sim.app.choices import choices
from sim.app.form import label_of
from sim.app.record import pair
from sim.app.session import threads, worlds
from sim.app.settings import from_query
from sim.app.texts import by_language, table
from sim.scenario import SCENARIOS

pytestmark = pytest.mark.full
FIRST = "a=targeted_cash&b=hybrid&a.community=0.5"
#: Two policies under which a number can be seen to do something, and the beginnings of the numbers that need them.
NEEDED = {
    "a=subsidised_credit&b=social_action&facilitation_end=20": (
        "creditworthy.", "credit_", "defaults.", "bank_", "organising_effect.", "resistance.", "win.", "rent",
        "strength.backlash", "facilitation_end",
    ),
    "a=moneylender&b=group_credit": ("shortfall.", "group_", "lender_"),
    "a=regional_planning&b=inter_agency_work": (
        "planner_error.per_survey", "service_quality.", "enrolled.by_service", "pull.", "need_seen.",
    ),
    "a=community_action&b=infrastructure": ("slack_", "road.decay"),
    "a=asset_with_coaching&b=social_planning&a.animals=1": ("planner_error.technique", "asset_died.", "disease."),
    "a=infrastructure&b=locality_development&budget=0.2": ("facilitator_quality.",),
}  # fmt: skip
KEYS = ("PageUp", "PageDown", "PageUp", "End", "Home")  # larger moves: a hundredth of the range may be too small


def asked(page: Page) -> str:
    """The address without its digest."""
    return page.url.partition("?")[2].partition("&d=")[0]


def answered(page: Page, before: str) -> str:
    """Waits for the answer to another address than before; its digest, which has to be that of the address."""
    page.wait_for_url(lambda url: url.partition("?")[2].partition("&d=")[0] != before)
    settled(page)
    settings, complaints = from_query(page.url, choices())
    assert not complaints and settings.query() == asked(page)
    found = pair(settings, choices(), worlds(), threads())
    assert page.url.partition("&d=")[2] == found.digest[:12], f"old results under new settings: {page.url}"
    assert shown(page) == poverty(found, -1)  # the clock stays at the end, whose quarter it may be
    return found.digest


def step(field: Locator) -> None:
    """One step up, or down where up is the end."""
    if field.get_attribute("role") == "switch":
        field.press(" ")
        return
    upwards = field.evaluate("one => Number(one.value) < Number(one.max)")
    field.press("ArrowRight" if upwards else "ArrowLeft")


def opened(live, query: str) -> Page:  # noqa: F811
    """The page at its end, with everything unfolded."""
    page = at_the_end(live(f"v=1&{query}"))
    for summary in page.locator(".sw-controls summary").all():
        summary.click()
    return page


def moved(page: Page, field: Locator, key: str) -> bool:
    """Moves a number until the digest tells; its key, and no other, changes in the address. Whether it told."""
    first, before = page.url.partition("&d=")[2], numbers(page)
    for more in (None, *KEYS):
        now = asked(page)
        step(field) if more is None else field.press(more)
        found, after = answered(page, now), numbers(page)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert changed <= {key}, (key, changed)
        if not found.startswith(first):
            return True
    return False


def numbers(page: Page) -> dict[str, str]:
    """What is set in the address."""
    return dict(part.split("=") for part in asked(page).split("&"))


def test_every_number_of_the_model_answers(live):  # noqa: F811
    names = by_language()["en"]
    left, silent = list(choices().controls), []
    for query, beginnings in [*NEEDED.items(), (FIRST, ("",))]:
        page = opened(live, query)
        for key in [key for key in left if key.startswith(beginnings)]:
            left.remove(key)
            field = page.locator(".sw-controls").get_by_label(label_of(key)[0], exact=True)
            silent += [] if moved(page, field, key) else [key]
        if not left:
            luck = page.get_by_label(names["stage.luck"], exact=True)
            before = asked(page)
            luck.press("ArrowUp")
            luck.press("Enter")
            answered(page, before)
            assert "luck=2" in asked(page)
            assert moved(page, page.get_by_label(names["stage.set"], exact=True), "set")
        page.close()
    assert not left and not silent  # all of the form is moved now but for what the next test moves


@pytest.mark.parametrize("arm", ["a", "b"])
def test_every_policy_and_all_its_own_numbers_answer(live, arm):  # noqa: F811
    """With much money, for most of these numbers say what there is at most of something."""
    page = opened(live, "a=dividend&b=dividend&budget=0.15&funds_end=24")
    policies = page.get_by_label(f"Policy {arm.upper()}", exact=True)
    silent = []
    offered = policies.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert offered == choices().policies
    for policy in [name for name in offered if name != "dividend"]:
        before = asked(page)
        policies.select_option(policy)
        answered(page, before)
        own = choices().of_policy(policy)
        group = page.locator(".sw-group", has_text=f"Policy {arm.upper()}'s own numbers")
        if own:
            expect(group.locator("input")).to_have_count(len(own))
            group.evaluate("one => { one.open = true }")  # it may stand open from the policy before
        for name in own:
            label = table()[f"setting.{name}"][0]
            field = group.get_by_label(label, exact=True)
            if policy in ("pkh", "rastra"):  # flows in every world with its own list: another list is refused in words
                step(field)
                expect(page.locator(".sw-status")).to_contain_text("allowed: the same value")
                continue
            silent += [] if moved(page, field, f"{arm}.{name}") else [(policy, name)]
    assert not silent


def test_every_place_answers_and_there_is_a_way_back(live):  # noqa: F811
    page = opened(live, "a=dividend&b=hybrid&loss.base=0.3")
    places = page.get_by_label("Place", exact=True)
    for place in places.locator("option").evaluate_all("all => all.map(one => one.value)")[::-1]:
        before = asked(page)
        places.select_option(place)
        answered(page, before)
        assert f"place={place}&" in asked(page)
    before = asked(page)
    page.get_by_role("button", name="Shuffle").click()
    answered(page, before)
    before = asked(page)
    page.get_by_role("button", name="Back to the place's own numbers").click()
    answered(page, before)
    assert "loss.base" not in asked(page)


def test_a_world_that_cannot_be_is_refused_in_words_and_left_again(live, tmp_path):  # noqa: F811
    """No number of the form leads to one; a file of one's own can ask for fewer poor than there are."""
    text = (SCENARIOS / "desa_miskin.toml").read_text(encoding="utf-8")
    shouted = tmp_path / "UP.CSV"  # a survey all the same; this one has no columns of a survey
    shouted.write_text("a,b\n1,2\n", encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(re.sub(r"poverty = [0-9.]+", "poverty = 0.1", text), encoding="utf-8")
    page = opened(live, "a=infrastructure&b=locality_development")
    before, said = asked(page), page.locator(".sw-status")
    page.get_by_label("A place of your own").set_input_files(shouted)
    expect(page.locator(".sw-unknown")).to_contain_text("UP.CSV, row 1")
    page.get_by_label("A place of your own").set_input_files(mine)
    expect(said).to_contain_text("no world at rest has a measured headcount of 10%")
    assert "sw-old" in page.locator(".sw-stage").get_attribute("class")  # what is seen is not of these settings,
    assert asked(page) == before  # and the address is that of what is seen
    page.get_by_label("Place", exact=True).select_option("desa_miskin")
    answered(page, before)
    expect(said).to_be_hidden()
