"""The view in a real browser: what is drawn, said and asked, over an exported file and over a server.

Debian's chromium is driven (`apt-get install chromium`, or its path in CHROMIUM). Without one these tests are skipped,
but where CI is set they fail. A fixture fails every test on a request that leaves the machine, a response of 400 or
more, an error of the console or of the page.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, TimeoutError, expect, sync_playwright

from sim.app import downloads
from sim.app.choices import choices
from sim.app.household import story
from sim.app.lessons import lessons
from sim.app.module import HOME
from sim.app.paints import FLAGS
from sim.app.record import STANDING, pair
from sim.app.session import threads, worlds
from sim.app.settings import ARMS, from_query
from sim.app.texts import by_language

QUERY = "v=1&place=desa&a=dividend&b=hybrid&luck=3&budget=0.1&facilitation_end=24&shock=0.15"
HOUSEHOLD = 174
NAMES = {"a": "A", "b": "B", "none": "no programme"}
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 400, "height": 860}
VIEWS = {
    "laptop": LAPTOP,
    "small": {"width": 1280, "height": 720},
    "old": {"width": 1024, "height": 768},
    "phone": PHONE,
    "narrow": {"width": 360, "height": 800},
    "turned": {"width": 667, "height": 375},
    "zoomed": {"width": 683, "height": 384},
}
READY = '.sw-stage[aria-busy="false"]'
WAIT = 180_000  # ms, for whatever a busy machine has to compute


@pytest.fixture(scope="module")
def chromium():
    """Debian's browser, once for all tests."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        assert not os.environ.get("CI"), "no chromium: apt-get install chromium"
        pytest.skip("no chromium: apt-get install chromium, or set CHROMIUM")
    expect.set_options(timeout=WAIT)  # for what is to be seen, as for everything else
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens pages, and fails the test on whatever a page that needs no internet must not do.

    What pages said, and when their connections were opened and closed, is told beside a test that fails.
    """
    wrong, contexts, begin = [], [], time.monotonic()

    def told(*words: object) -> None:
        print(f"{time.monotonic() - begin:7.2f}", *words)

    def connected(socket) -> None:
        told("connected", socket.url)
        socket.on("close", lambda _: told("connection closed", socket.url))

    def opened(address: str, view: dict = LAPTOP, script: str = "", ready: str = READY, **options) -> Page:
        context = chromium.new_context(viewport=view, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda said: told(said.type, said.text))
        page.on("websocket", connected)
        page.on("console", lambda said: said.type == "error" and wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"page: {error}"))
        page.on("request", lambda asked: outside(asked.url) and wrong.append(f"outside: {asked.url}"))
        page.on("response", lambda got: got.status >= 400 and wrong.append(f"{got.status}: {got.url}"))
        if script:
            page.add_init_script(script)
        page.goto(address)
        try:
            page.wait_for_selector(ready)
        except TimeoutError:
            told("seen:", page.locator("body").inner_text(timeout=5_000)[:500])
            raise
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


def outside(address: str) -> bool:
    """Whether a request leaves this machine."""
    return not re.match(r"(file|data|blob):|(http|ws)://(127\.0\.0\.1|localhost)[:/]", address)


@pytest.fixture(scope="module")
def found():
    """The pair that the exported page replays, as the engine has it."""
    assert not from_query(QUERY, choices())[1]
    return engine(QUERY)


def made_up() -> str:
    """Bands whose counts are known here: 20 lucks and 20 sets of assumptions."""
    line = {"low": [5.0] * 80, "middle": [6.0] * 80, "high": [7.0] * 80}
    heads = {name: [6.0, 5.0, 7.0] for name in ("headcount", "headcount_end", "self_supporting", "cost")}
    part = {
        "done": 20,
        "of": 20,
        "lower_a": 3,
        "ties": 0,
        "series": {arm: {"headcount": line} for arm in ARMS},
        "headline": dict.fromkeys(ARMS, heads),
        "difference": {"headcount": [-0.5, -0.8, 0.1]},
    }
    lucks, sets = part | {"lower_b": 17}, part | {"lower_b": 11}
    return json.dumps({"generation": 1, "classes": None, "order": [], "lucks": lucks, "sets": sets})


@pytest.fixture(scope="module")
def exported(found, tmp_path_factory):
    """Address of the exported page, with a story and bands."""
    told = {HOUSEHOLD: story(found, choices(), HOUSEHOLD, threads())}
    file = downloads.page(found, choices(), made_up(), told, "en")
    path = tmp_path_factory.mktemp("export") / file.name
    path.write_bytes(file.data)
    return path.as_uri()


def changed(exported: str, path: Path, change: Callable[[dict], None]) -> str:
    """Address of the exported page with other data in it."""
    text = Path(unquote(urlsplit(exported).path)).read_text(encoding="utf-8")
    head, mark, rest = text.partition('id="data">')
    data, end, tail = rest.partition("</script>")
    told = json.loads(data)
    change(told)
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    file = path / "changed.html"
    file.write_text(head + mark + data + end + tail, encoding="utf-8")
    return file.as_uri()


def percent(value: float) -> str:
    """A share as the headline has it."""
    return f"{value:.1f}\u00a0%"


def shown(page: Page, figure: str = "poverty") -> list[str]:
    """The three figures of a headline: A, B and no programme."""
    return page.locator(f'[data-figure="{figure}"] .sw-figure b').all_text_contents()


def poverty(found, quarter: int) -> list[str]:
    """What the engine says of a quarter, in the order of the headline."""
    return [percent(found.worlds[arm].series["headcount"][quarter]) for arm in ("a", "b", "none")]


def clock(page: Page):
    """The slider of the clock."""
    return page.get_by_role("slider", name="Quarter", exact=True)


#: Notes in `heard` what the live regions of a page say.
LISTEN = """() => {
    window.heard = [];
    for (const one of document.querySelectorAll('[aria-live], [role=status], [role=alert], output'))
        if (one.ariaLive !== 'off')
            new MutationObserver(() => one.textContent && heard.push(one.textContent))
                .observe(one, { childList: true, characterData: true, subtree: true });
}"""


# a machine at its limits: the first frame comes later than a clock that stands would have been read out
LATE = """() => {
    const frame = window.requestAnimationFrame;
    window.requestAnimationFrame = (call) => {
        window.requestAnimationFrame = frame;
        return setTimeout(() => frame(call), 1000);
    };
}"""


def test_bet_then_watch_then_explain(visit, exported, found):
    page = visit(exported)
    bet = page.get_by_label("Poor under B")
    bet.fill("4")
    bet.press("ArrowRight")
    expect(page.locator(".sw-guessing output").last).to_have_text("4.5\u00a0%")
    expect(page.locator(".sw-headline")).to_be_hidden()  # nothing is told before the bet
    page.get_by_label("Speed", exact=True).select_option("fastest")
    page.evaluate(LISTEN)
    page.evaluate(LATE)
    page.get_by_role("button", name="Watch what happens").press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()  # the panel that had the focus has gone
    expect(page.locator(".sw-guess circle")).to_have_count(2)  # drawn beside the run
    expect(page.locator('.sw-stage[data-phase="explain"]')).to_be_attached()
    assert shown(page) == poverty(found, 79)
    assert int(page.locator(".sw-clock").get_attribute("data-paints")) > 0
    expect(page.locator(".sw-verdict")).to_contain_text("You guessed A")
    expect(page.locator(".sw-verdict")).to_contain_text("B 4.5\u00a0%")
    expect(page.locator(".sw-spoken")).to_contain_text(f"poor under A {poverty(found, 79)[0]}")
    told = [page.locator(f"{one}").text_content() for one in (".sw-spoken", ".sw-sure")]
    assert page.evaluate("heard") == told  # each once, not as the clock ran
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".sw-spoken")).to_be_empty()  # it was of another moment


def test_bet_is_dragged(visit, exported):
    page = visit(exported)
    box = page.locator(".sw-bet svg").bounding_box()
    handle = page.locator(".sw-handle").first.bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    before = [output.text_content() for output in page.locator(".sw-guessing output").all()]
    page.mouse.move(x, y + 3)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] - 40, steps=4)
    page.mouse.up()
    after = [output.text_content() for output in page.locator(".sw-guessing output").all()]
    moved = [
        float(new.rstrip("\u00a0%")) < float(old.rstrip("\u00a0%")) for old, new in zip(before, after, strict=True)
    ]
    assert sorted(moved) == [False, True]


def swiped(page: Page, x: float, y: float, far: float) -> None:
    """A finger goes up over the page."""
    hand = page.context.new_cdp_session(page)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x, "y": y - far * step / 10}
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_on_its_way_over_the_bet_scrolls_and_bets_nothing(visit, exported):
    page = visit(exported, PHONE, has_touch=True, is_mobile=True)
    told = page.locator(".sw-guessing output")
    before = told.all_text_contents()
    page.locator(".sw-bet").scroll_into_view_if_needed()
    box, start = page.locator(".sw-bet").bounding_box(), page.evaluate("window.scrollY")
    swiped(page, box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.7, 120)
    page.wait_for_function("from => window.scrollY > from + 50", arg=start)
    assert told.all_text_contents() == before
    page.wait_for_timeout(500)  # the page comes to rest
    page.locator(".sw-bet").evaluate("one => one.scrollIntoView({ block: 'center' })")
    start = page.evaluate("window.scrollY")
    handle = page.locator(".sw-handle").last.bounding_box()  # A
    swiped(page, handle["x"] + 5, handle["y"] + 20, 60)  # near it is enough
    assert told.all_text_contents()[0] != before[0] and told.all_text_contents()[1] == before[1]
    assert page.evaluate("window.scrollY") == start


def test_clock_is_scrubbed_and_stepped(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    for quarter in (0, 23, 50):
        clock(page).fill(str(quarter))
        assert shown(page) == poverty(found, quarter)
    page.locator("h1").click()
    for key, quarter in (("ArrowRight", 51), ("ArrowLeft", 50), ("Home", 0), ("End", 79)):
        page.keyboard.press(key)
        assert shown(page) == poverty(found, quarter), key
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.locator(".sw-spoken")).to_contain_text("without a programme")
    assert page.locator(".sw-card .sw-cursor").count() == 4


def test_who_moves_the_clock_bets_no_more(visit, exported, found):
    """The bet and what comes never stand together."""
    page = visit(exported)
    bet, watching = page.locator(".sw-guessing"), page.locator('.sw-stage[data-phase="watch"]')
    page.locator("h1").click()
    for key in ("End", " ", "ArrowRight"):  # while one bets they scroll the page
        page.keyboard.press(key)
    expect(clock(page)).to_have_value("0")
    page.locator(".sw-card .sw-drawing").first.click()  # a finger on its way
    expect(bet).to_be_visible()
    for how in ("A quarter on", "Play"):
        page.get_by_role("button", name=how, exact=True).click()
        expect(watching).to_be_attached()
        expect(bet).to_be_hidden()
        page.get_by_role("button", name="1 Guess").click()
        expect(bet).to_be_visible()
        expect(clock(page)).to_have_value("0")
    clock(page).press("End")
    expect(watching).to_be_attached()
    expect(page.locator(".sw-spoken")).to_contain_text(f"poor under A {poverty(found, 79)[0]}")
    page.get_by_role("button", name="1 Guess").click()
    page.get_by_role("button", name="Show me the end").click()
    expect(clock(page)).to_have_value("79")


def test_lucks_and_assumptions_are_told_apart(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    sure = page.locator(".sw-sure")
    expect(sure).to_contain_text("0.50 points lower under B than under A (0.80 lower – 0.10 higher)")
    expect(sure).to_contain_text("17 of 20 lucks under one set of assumptions")
    expect(sure).to_contain_text("11 of 20 sets of assumptions. Large figures are of the one luck that is shown")
    expect(sure).to_contain_text("In years 12 to 14, from the fall of outside markets on")  # it comes after the window
    assert page.locator('[data-figure="poverty"] small').all_text_contents() == [
        "5.0 – 7.0\u00a0%",
        "5.0 – 7.0\u00a0%",
        "no programme",
    ]
    assert page.locator('[data-figure="cost"] small').all_text_contents() == ["", "", "paid in all three"]


def test_a_difference_is_that_of_the_figures_as_they_are_read(visit, exported, tmp_path):
    """4.149 and 4.051 are read as 4.1 both; 4.16 and 4.04 as 4.2 and 4.0."""

    def ending(a: float, b: float) -> Callable[[dict], None]:
        def change(told: dict) -> None:
            for arm, value in (("a", a), ("b", b)):
                told["payload"]["worlds"][arm]["series"]["headcount"][-1] = value

        return change

    for a, b, said in ((4.149, 4.051, "A and B end alike."), (4.16, 4.04, "B ends with 0.2 points fewer poor than A.")):
        page = visit(changed(exported, tmp_path, ending(a, b)))
        page.get_by_role("button", name="Show me the end").click()
        expect(page.locator(".sw-verdict")).to_contain_text(said)


def test_the_same_policy_twice_is_said_to_be_the_same(visit, exported, tmp_path):
    def alike(told: dict) -> None:
        for part in ("lucks", "sets"):
            told["bands"][part] |= {"lower_a": 0, "lower_b": 0, "ties": 20, "difference": {"headcount": [0.0] * 3}}

    page = visit(changed(exported, tmp_path, alike))
    page.get_by_role("button", name="Show me the end").click()
    said = "In years 12 to 14 poverty is the same under A and B in all 20 lucks."
    expect(page.locator(".sw-sure")).to_have_text(said)


def test_a_difference_of_nothing_has_no_direction(visit, exported, tmp_path):
    def alike(told: dict) -> None:
        told["bands"]["lucks"]["difference"] = {"headcount": [-0.004, -0.12, 0.1]}

    page = visit(changed(exported, tmp_path, alike))
    page.get_by_role("button", name="Show me the end").click()
    expect(page.locator(".sw-sure")).to_contain_text("as high under B as under A (0.12 lower – 0.10 higher)")


#: What holds the stage, itself included, and would have to be scrolled to the side; `html` alone does not tell, because
#: a served page cuts off what it does not hold.
SIDEWAYS = """() => {
    const found = [];
    for (let one = document.querySelector('.sw-main'); one; one = one.parentElement)
        if (one.scrollWidth > one.clientWidth + 1) found.push(`${one.tagName}.${one.className}`);
    return found;
}"""


#: Words in drawings that reach beyond their drawing, and names of flags that lie on each other or on the time.
BROKEN = """() => {
    const box = (one) => one.getBoundingClientRect();
    const beyond = [...document.querySelectorAll('.sw-drawing svg text')].filter((one) => one.checkVisibility())
        .filter((one) => box(one).left < box(one.ownerSVGElement).left - 1
            || box(one).right > box(one.ownerSVGElement).right + 1);
    const names = [...document.querySelectorAll('.sw-flag b, .sw-now')].filter((one) => one.checkVisibility());
    const across = (one, other) => one.left < other.right && other.left < one.right;
    const down = (one, other) => one.top < other.bottom - 3 && other.top < one.bottom - 3;
    const over = names.filter((one, at) => names.slice(at + 1)
        .some((other) => across(box(one), box(other)) && down(box(one), box(other))));
    return [...beyond, ...over].map((one) => one.textContent);
}"""


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
@pytest.mark.parametrize("language", ["en", "id"])
def test_drawings_and_figures_have_room(visit, exported, tmp_path, view, language):
    """No name is cut off, no flag lies on another, and the three figures of a headline stand in one row."""

    def wide(told: dict) -> None:  # two digits, and all exits close together
        for arm, part in (("a", 12.34), ("b", 11.11), ("none", 13.57)):
            told["payload"]["worlds"][arm]["series"]["headcount"][-1] = part
            told["payload"]["worlds"][arm]["headline"]["cost_rupiah"] = 1e7
            told["bands"]["lucks"]["headline"][arm] |= {"headcount_end": [12.3, 10.1, 14.4]}
        for event, quarter in zip(told["payload"]["events"], (8, 10, 10, 14), strict=True):
            event["quarter"] = quarter

    page = visit(changed(exported, tmp_path, wide), view)
    page.get_by_label("Language").select_option(language)
    page.get_by_role("button", name=by_language()[language]["stage.guess_skip"]).click()
    assert page.evaluate(BROKEN) == []
    for group in page.locator(".sw-headline-group").all():
        tops = {round(one.bounding_box()["y"]) for one in group.locator(".sw-figure").all()}
        assert len(tops) == 1, group.text_content()
    assert page.evaluate(SIDEWAYS) == []


def test_worlds_differ_by_colour_dash_and_letter(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    strokes = page.evaluate(
        "[...document.querySelectorAll('.sw-card svg g[clip-path] path[stroke]')].slice(0, 3)"
        ".map(one => [one.getAttribute('stroke'), one.getAttribute('stroke-dasharray')])"
    )
    none, a, b = strokes
    assert len({none[0], a[0], b[0]}) == 3
    assert a[1] != b[1]
    letters = [text.split()[0] for text in page.locator(".sw-card .sw-label").all_text_contents()[:3]]
    assert letters == ["none", "A", "B"]


def test_table_behind_each_chart(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    buttons = page.get_by_role("button", name=re.compile("^Table: "))
    assert buttons.count() == 6
    buttons.first.click()
    row = page.locator(".sw-card").first.locator("tbody tr").nth(5)  # year 5
    series = [found.worlds[arm].series["headcount"][20] for arm in ("a", "b", "none")]
    assert [cell.evaluate("cell => cell.firstChild.textContent") for cell in row.locator("td").all()] == [
        percent(value) for value in series
    ]
    page.get_by_label("Another series").select_option("micro_share")  # every metric can be looked at
    ends = {arm: found.worlds[arm].series["micro_share"][[0, 79]] for arm in ("none", "a", "b")}
    told = [f"{NAMES[arm]} from {percent(first)} to {percent(last)}" for arm, (first, last) in ends.items()]
    label = page.get_by_role("img", name="Villages in national income").get_attribute("aria-label")
    assert label.endswith(f": {', '.join(told)}")  # the drawing in words
    assert buttons.count() == 7


def test_household_is_followed_in_both_worlds(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    clock(page).fill("40")
    maps = page.locator(".sw-world canvas")
    maps.first.focus()
    page.keyboard.press("ArrowRight")
    drawer = page.get_by_role("region", name="One household")
    number = drawer.get_by_label("Household no.", exact=True)
    expect(number).to_have_value("2")
    page.keyboard.press("Enter")  # into the drawer: Tab goes round in it, Escape gives the focus back
    expect(drawer).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert drawer.evaluate("one => one.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(maps.first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    number.fill(str(HOUSEHOLD + 1))
    number.press("Enter")
    expect(drawer.locator("h2")).to_contain_text(f", household {HOUSEHOLD + 1}, village ")
    told = story(found, choices(), HOUSEHOLD, threads())
    expect(drawer).to_contain_text(told["why"]["b"]["text"][0])
    expect(drawer).to_contain_text("Real villages have no twin")
    same = "[...document.querySelectorAll('.sw-world canvas')].map(one => one.toDataURL())"
    marked = page.evaluate(same)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert all(one != other for one, other in zip(marked, page.evaluate(same), strict=True))  # the mark is in both


def test_pointer_reads_the_frame_of_the_engine(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    clock(page).fill("40")
    page.locator(".sw-world canvas").first.hover(position={"x": 8, "y": 22})
    text = page.locator(".sw-tip").text_content()
    household = int(re.search(r"Household (\d+)", text)[1]) - 1
    words = by_language()["en"]
    standing = [words[f"stage.class_{STANDING[found.worlds[arm].frames['standing'][40, household]]}"] for arm in "ab"]
    assert text.splitlines()[1:] == [f"A {standing[0]}", f"B {standing[1]}"]


def test_a_village_tells_its_numbers(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    clock(page).fill("20")
    page.locator(".sw-world canvas").first.hover(position={"x": 8, "y": 6})
    cells = page.locator(".sw-tip tbody tr").first.locator("th, td").all_text_contents()
    came = [float(found.worlds[arm].villages["attendance"][20, 0]) for arm in "ab"]
    assert cells[0] == "Came to the meeting"
    last = page.locator(".sw-tip tbody tr").last.locator("th, td").all_text_contents()
    farm = [float(found.worlds[arm].villages["farm_labour"][20, 0]) for arm in "ab"]
    assert last[0] == "Work on the own farm"
    assert [float(cell.rstrip("\u00a0%")) for cell in last[1:]] == pytest.approx([100 * one for one in farm], abs=0.8)
    assert [float(cell.rstrip("\u00a0%")) for cell in cells[1:]] == pytest.approx(
        [100 * share for share in came], abs=0.8
    )


def test_labels_never_lie_on_each_other(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    heights = """[...document.querySelectorAll('.sw-card')].map(
        card => [...card.querySelectorAll('.sw-label')].map(one => Number(one.getAttribute('y'))))"""
    for quarter in (0, 9, 33, 79):  # at first all three lines lie on each other
        clock(page).fill(str(quarter))
        for labels in page.evaluate(heights):
            assert all(low - high >= 13.9 for high, low in pairwise(sorted(labels))), (quarter, labels)


def test_difference_from_no_programme(visit, exported, found):
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    page.get_by_label("Difference from no programme").check()
    labels = page.locator(".sw-card").nth(2).locator(".sw-label").all_text_contents()
    end = {arm: found.worlds[arm].series["participation"][79] for arm in ARMS}
    told = {label.split()[0]: label.split()[-1].replace("−", "-") for label in labels}
    assert told["none"] == "none"
    for arm in "ab":
        assert float(told[arm.upper()]) == pytest.approx(end[arm] - end["none"], abs=0.06)


def test_a_table_tells_what_its_chart_does(visit, exported, found):
    """Levels, or differences from no programme; where a range stands beneath a figure its unit stands once."""
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    page.get_by_label("Difference from no programme").check()
    card = page.locator(".sw-card").first
    card.get_by_role("button", name=re.compile("^Table: ")).click()
    row = card.locator("tbody tr").nth(10)
    levels = [found.worlds[arm].series["headcount"][40] for arm in ("a", "b", "none")]
    told = [
        float(cell.evaluate("one => one.firstChild.textContent").replace("−", "-")) for cell in row.locator("td").all()
    ]
    assert told == pytest.approx([level - levels[2] for level in levels], abs=0.06)
    page.get_by_role("checkbox", name="Difference from no programme").uncheck()
    assert row.locator("td small").first.inner_text().count("%") == 1
    assert all(cell.evaluate("one => one.scrollWidth <= one.clientWidth") for cell in card.locator(".sw-scroll").all())


def test_a_story_is_there_in_the_other_language_too(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    page.locator(".sw-world canvas").first.focus()
    page.keyboard.press("ArrowRight")
    drawer = page.get_by_role("region", name="One household")
    drawer.get_by_label("Household no.", exact=True).fill(str(HOUSEHOLD + 1))
    drawer.get_by_label("Household no.", exact=True).press("Enter")
    told = story(engine(QUERY), choices(), HOUSEHOLD, threads())
    expect(drawer).to_contain_text(told["why"]["b"]["text"][0])
    page.get_by_label("Language").select_option("id")
    expect(page.locator(".sw-drawer")).to_contain_text(told["why"]["b"]["text"][1])


def test_every_layer_is_drawn(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="2 Watch").click()
    clock(page).fill("30")
    layers = page.get_by_label("Colour", exact=True)
    pictures = set()
    for value in layers.locator("option").evaluate_all("all => all.map(one => one.value)"):
        layers.select_option(value)
        pictures.add(page.locator(".sw-world canvas").first.evaluate("one => one.toDataURL()"))
    assert len(pictures) == 7


def test_indonesian_has_its_words_and_numbers(visit, exported, found):
    page = visit(exported)
    page.get_by_label("Language").select_option("id")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    page.get_by_role("button", name="Langsung ke akhir").click()
    assert shown(page) == [text.replace(".", ",").replace("\u00a0", "") for text in poverty(found, 79)]
    expect(page.locator(".sw-sure")).to_contain_text("17 dari 20 nasib")
    english = by_language()["en"]
    page.get_by_role("button", name="Bagikan").click()
    seen = page.locator(".sw-stage").inner_text()
    assert "stage." not in seen
    for key in ("poor_end", "follow_hint", "explain_title", "caveat", "digest", "lorenz", "money"):
        assert english[f"stage.{key}"].split("{")[0] not in seen, key


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
@pytest.mark.parametrize("language", ["en", "id"])
def test_nothing_is_wider_than_the_window(visit, exported, view, language):
    page = visit(exported, view)
    page.get_by_label(by_language()["en"]["stage.language"]).select_option(language)
    words = by_language()[language]
    for number, phase in enumerate(("guess", "watch", "explain"), 1):
        page.get_by_role("button", name=f"{number} {words[f'stage.{phase}']}").click()
        assert page.evaluate(SIDEWAYS) == [], phase
    page.locator(".sw-world canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_a_village_has_room_for_its_name_and_its_institutions(visit, exported, view):
    page = visit(exported, view)
    page.get_by_role("button", name="2 Watch").click()
    canvas = page.locator(".sw-world canvas").first
    canvas.evaluate("one => one.scrollIntoView({ block: 'center' })")
    box = canvas.bounding_box()
    seen = []
    for x in range(2, int(box["width"]), 8):
        page.mouse.move(box["x"] + x, box["y"] + 6)
        seen += page.locator(".sw-tip th").first.all_text_contents() if page.locator(".sw-tip").is_visible() else []
    assert seen and all(8 * seen.count(name) >= 64 for name in set(seen)), seen


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_what_happens_is_named_where_it_is_drawn(visit, exported, view):
    """On a phone beneath each chart, by number; where there is room, on the clock."""
    page = visit(exported, view)
    beneath = page.locator(".sw-card").first.locator(".sw-signs")
    names = ["Programmes begin", "Facilitators leave", "Money ends", "Markets fall 15\u00a0%"]
    numbered = [f"{sign} {name}" for sign, name in zip("①②③④", names, strict=True)]
    assert beneath.locator("span").all_text_contents() == numbered
    drawn = page.locator(".sw-card").first.locator(".sw-sign span")
    assert drawn.all_text_contents() == list("①②③④")
    narrow = view["width"] <= 640
    assert {one.is_visible() for one in (beneath, *drawn.all())} == {narrow}
    assert page.locator(".sw-flags").is_visible() == (not narrow)
    assert page.evaluate(BROKEN) == []
    page.get_by_label("Language").select_option("id")
    assert page.evaluate(BROKEN) == []


def test_steps_lead_to_what_they_name(visit, exported):
    """On a phone the explanation is far below."""
    page = visit(exported, PHONE)
    page.get_by_role("button", name="3 Explain").click()
    expect(page.locator(".sw-explain h2")).to_be_in_viewport()


@pytest.mark.parametrize("view", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_what_says_more_is_a_circle(visit, exported, view):
    page = visit(exported, view)
    page.locator(".sw-side").evaluate("one => { one.open = true }")
    places = [one.bounding_box() for one in page.locator(".sw-info").all() if one.is_visible()]
    assert len(places) > 5 and all(place["width"] == pytest.approx(place["height"], abs=0.5) for place in places)


def test_everything_has_a_name(visit, exported):
    page = visit(exported)
    page.get_by_role("button", name="Show me the end").click()
    page.get_by_role("button", name="Share").click()
    nameless = page.evaluate(
        """[...document.querySelectorAll(
            'button, input, select, textarea, canvas[role], svg[role], summary, [role=region], dialog')]
        .filter(one => !(one.labels?.length || one.getAttribute('aria-label') || one.getAttribute('aria-labelledby')
                         || one.textContent.trim()))
        .map(one => one.outerHTML.slice(0, 120))"""
    )
    assert not nameless
    assert page.locator("main").count() == page.locator("h1").count() == 1


def test_share_without_a_clipboard(visit, exported, found):
    page = visit(exported, script="Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    expect(dialog).to_contain_text(found.digest)
    dialog.get_by_role("button", name="Copy: Run code").click()
    expect(dialog).to_contain_text("Ctrl+C")
    code = dialog.get_by_label("Run code", exact=True)
    assert code.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)") == code.input_value() != ""
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_calm_motion_shows_whole_quarters(visit, exported, found):
    page = visit(exported, reduced_motion="reduce")
    page.get_by_role("button", name="2 Watch").click()
    page.get_by_label("Speed", exact=True).select_option("fastest")
    page.get_by_role("button", name="Play").click()
    whole = {tuple(poverty(found, quarter)) for quarter in range(80)}
    for _ in range(10):
        assert tuple(shown(page)) in whole
        page.wait_for_timeout(40)


@pytest.mark.parametrize(("language", "at"), [("en", 0), ("id", 1)])
def test_a_range_is_in_the_unit_of_its_slider(visit, exported, language, at):
    page = visit(exported)
    page.locator(".sw-tools select").select_option(language)
    words = by_language()[language]
    for key, said in (
        ("funds_end", ("Year 2.25 – Year 7", "Tahun 2,25 – Tahun 7")),
        ("pass_through", ("0 % – 100 %", "0% – 100%")),
        ("budget", ("0 – 0.2 z per person and quarter", "0 – 0,2 z per orang per triwulan")),
    ):
        field = page.locator(".sw-field", has=page.get_by_text(words[f"control.{key}"], exact=True))
        told = field.locator(".sw-about").text_content().replace("\u00a0", " ")
        assert said[at] in told, told
        assert words[f"definition.{key}"] in told and words["stage.source_said"] not in told  # it has no source


def test_every_word_of_the_stage_is_in_the_table():
    keys = {key for file in (HOME / "stage").glob("*.mjs") for key in re.findall(r'\bt\("(\w+)"', file.read_text())}
    assert len(keys) > 100
    assert {f"stage.{key}" for key in keys} <= set(by_language()["en"])


# -- the whole view, with its server ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answering(tmp_path_factory):
    """A server of this machine: its process, where what it says is written, and its address."""
    said = tmp_path_factory.mktemp("server") / "said.txt"
    with serving(said) as (server, address):
        yield server, said, address


@pytest.fixture
def served(answering):
    """Address of a server of this machine; what it has said and done is told beside a test that fails."""
    server, said, address = answering
    begin = time.monotonic(), worked(server)
    yield address
    passed, took = time.monotonic() - begin[0], worked(server) - begin[1]
    print(f"server: {took:.1f} s of a processor in {passed:.0f} s, load {os.getloadavg()[0]:.1f}, code {server.poll()}")
    print(said.read_text(encoding="utf-8"))


def worked(process: subprocess.Popen) -> float:
    """Seconds of a processor that a process has had: whether one that does not answer waits, or is kept waiting."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended, or this system tells in another way
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(said: Path, *more: str):
    """A server, started as a user starts it, and its address; what it says goes to a file, not into a full pipe."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sim", "app", "--port", str(port), "--no-open", *more]
    # a reader who has gone is forgotten soon, so that nobody computes for one test while the next one waits; not at
    # once, so that a page whose connection is made anew on a busy machine finds its session
    environment = {**os.environ, "SOLARA_KERNEL_CULL_TIMEOUT": "10s"}
    with said.open("w", encoding="utf-8") as pen:
        server = subprocess.Popen(command, stdout=pen, stderr=subprocess.STDOUT, env=environment)
    try:
        while server.poll() is None and "\n" not in said.read_text():
            time.sleep(0.1)
        assert said.read_text().startswith("Swadaya: "), said.read_text()
        yield server, f"http://127.0.0.1:{port}/"
    except BaseException:
        print(said.read_text(encoding="utf-8"))  # told beside the test that fails
        raise
    finally:
        server.terminate()
        server.wait(timeout=WAIT / 1000)


@pytest.fixture
def live(visit, served):
    """Opens the served page at a query, when its first run is there."""

    def opened(query: str = "", **options) -> Page:
        page = visit(f"{served}{f'?{query}' if query else ''}", **options)
        settled(page)
        return page

    return opened


def settled(page: Page) -> None:
    """Waits until what is on the stage is of the settings beside it."""
    page.wait_for_selector('.sw-stage[aria-busy="false"]')


def at_the_end(page: Page) -> Page:
    page.get_by_role("button", name="3 Explain").click()
    clock(page).press("End")
    return page


@cache
def engine(query: str):
    """What the engine itself makes of an address."""
    return pair(from_query(query, choices())[0], choices(), worlds(), threads())


#: A browser that is too slow for what anywidget waits for its module: two seconds are over at once.
IMPATIENT = """{
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (milliseconds) => timeout(milliseconds === 2000 ? 0 : milliseconds);
}"""


def test_a_browser_that_loads_slowly_hears_all_the_same(live):
    assert live(QUERY, script=IMPATIENT).locator(".sw-controls label").count()


def test_what_is_not_there_is_not_said(live):
    page = live(QUERY)
    page.get_by_role("button", name="Evidence").click()
    dialog = page.get_by_role("dialog", name="Evidence")
    for name in ("V1", "regime_map"):  # with and without a word on rows that are left out
        dialog.get_by_role("button", name=re.compile(f"· {name}$")).click()
        expect(dialog.locator(".sw-result tbody tr").first).to_be_visible()
        assert not re.findall(r"\b(?:null|undefined|NaN)\b", page.locator(".sw-stage").inner_text())


def test_a_page_opens_in_its_readers_language(live):
    page = live(QUERY, locale="id-ID")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    page.get_by_label("Bahasa", exact=True).select_option("en")
    expect(page).to_have_url(re.compile("&d=[0-9a-f]{12}&lang=en$"))  # whoever is sent the link reads it so too
    page.get_by_role("button", name="Share").click()
    assert page.get_by_role("dialog", name="Share").get_by_label("Link", exact=True).input_value() == page.url
    page.reload()
    settled(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page = live("lang=id")
    expect(page.locator("html")).to_have_attribute("lang", "id")
    expect(page.locator(".sw-unknown")).to_be_hidden()
    expect(page).to_have_url(re.compile("&lang=id$"))


def test_a_served_page_can_be_made_larger_with_two_fingers(live):
    assert live(QUERY).locator("meta[name=viewport]").get_attribute("content") == "width=device-width, initial-scale=1"


@pytest.mark.parametrize("view", [LAPTOP, {"width": 900, "height": 1100}], ids=["laptop", "tablet"])
def test_a_lesson_goes_on_in_another_language_and_after_a_reload(live, view):
    storm, at = lessons()[3], 2  # its chart is one that only this step has
    step = storm["steps"][at]
    page = live(view=view)
    if view != LAPTOP:
        page.get_by_text("Set-up or lessons", exact=True).click()
    page.get_by_role("tab", name="Lessons").click()
    page.locator(".sw-lesson-list button").nth(3).click()
    for _ in range(at):
        page.locator(".sw-lessons .sw-primary").click()
        settled(page)
    marked = page.locator(".sw-marked h3")
    expect(marked).to_contain_text("Local demand")
    page.get_by_label("Language").focus()
    page.get_by_label("Language").select_option("id")
    expect(page.locator(".sw-step-text")).to_have_text(step["text"][1])
    expect(marked).to_contain_text("Permintaan lokal")
    assert page.get_by_label("Bahasa", exact=True).evaluate("one => one === document.activeElement")
    page.reload()
    settled(page)
    expect(page.locator(".sw-step-text")).to_have_text(step["text"][1])
    expect(marked).to_contain_text("Permintaan lokal")
    expect(page.locator(".sw-spot .sw-marked")).to_have_count(int(view != LAPTOP))  # in one column beside the words
    expect(page.locator('.sw-stage[data-phase="watch"]')).to_be_attached()
    page.get_by_role("button", name="‹ Semua pelajaran").press("Enter")
    expect(page.locator(".sw-lesson-list button").nth(3)).to_be_focused()


@pytest.mark.full
def test_figures_on_the_page_are_the_engines(live):
    page = at_the_end(live(QUERY))
    assert shown(page) == poverty(engine(QUERY), 79)
    page.get_by_label("Policy A", exact=True).select_option("infrastructure")
    assert page.locator(".sw-stage").get_attribute("aria-busy") == "true"  # never old numbers beside new settings
    assert "sw-old" in page.locator(".sw-stage").get_attribute("class")
    settled(page)
    other = engine(QUERY.replace("a=dividend", "a=infrastructure"))
    assert shown(page) == poverty(other, 79)
    page.get_by_role("button", name="Table: Poverty").click()
    budget = page.get_by_label("Budget", exact=True)
    budget.press("Home")
    settled(page)
    last = page.get_by_role("region", name="Poverty").locator("tbody tr").last.locator("td")
    told = [cell.evaluate("cell => cell.firstChild.textContent") for cell in last.all()]
    assert told == poverty(engine(page.url.partition("?")[2]), 76)  # what was open speaks of the new settings
    assert shown(page) == poverty(engine(page.url.partition("?")[2]), 79)
    assert "budget=0&" in page.url


@pytest.mark.full
def test_a_bet_is_of_its_question_and_the_end_is_that_of_its_run(live):
    page = live(QUERY)
    page.get_by_label("Speed", exact=True).select_option("fastest")
    page.get_by_role("button", name="Watch what happens").press("Enter")
    expect(page.locator('.sw-stage[data-phase="explain"]')).to_be_attached()
    expect(page.locator(".sw-verdict")).to_contain_text("You guessed A")
    page.get_by_label("Policy A", exact=True).select_option("infrastructure")
    settled(page)
    expect(page.locator(".sw-verdict")).not_to_contain_text("You guessed A")
    assert page.locator(".sw-guess circle").count() == 0
    page.get_by_label("Place", exact=True).select_option("article")  # whose run is longer
    settled(page)
    expect(page).to_have_url(re.compile("place=article"))
    run = engine(page.url.partition("?")[2])
    assert shown(page) == poverty(run, run.start.scenario.calendar.quarters - 1)


@pytest.mark.full
def test_policies_are_called_what_the_maps_call_them(live):
    page = live("v=1&a=social_planning&b=asset_only")
    for arm, name in (("A", "Social planning"), ("B", "Asset alone")):  # not R2 or T2b: papers know what that is
        chosen = page.get_by_label(f"Policy {arm}", exact=True).evaluate("one => one.selectedOptions[0].textContent")
        assert chosen == name == page.locator(f'.sw-world[data-arm="{arm.lower()}"] .sw-name').text_content()
    leave = page.get_by_label("Facilitators leave", exact=True)
    expect(leave).to_be_disabled()  # neither has any
    expect(page.locator(".sw-flag", has_text="Facilitators leave")).to_have_count(0)
    page.get_by_label("Policy B", exact=True).select_option("locality_development")
    expect(page.locator(".sw-flag", has_text="Facilitators leave")).to_have_count(1)
    expect(leave).to_be_enabled()


def test_what_is_served_plays_the_engines_run_and_its_link_opens_it_again(live, visit, found):
    page = live(QUERY)
    assert page.locator("main").count() == 1
    page.wait_for_url(re.compile("&d=[0-9a-f]{12}"))
    page.get_by_role("button", name="2 Watch").click()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("Number(document.querySelector('.sw-clock input[type=range]').value) >= 5")
    page.get_by_role("button", name="Pause").click()
    assert shown(page) == poverty(found, int(clock(page).input_value()))
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    code = dialog.get_by_label("Run code", exact=True).input_value()
    address = dialog.get_by_label("Link", exact=True).input_value()
    assert address == page.url
    again = visit(address)
    again.get_by_role("button", name="Share").click()
    dialog = again.get_by_role("dialog", name="Share")
    expect(dialog).to_contain_text("Verified")
    assert dialog.get_by_label("Run code", exact=True).input_value() == code
    foreign = visit(re.sub("&d=[0-9a-f]{12}", "&d=0123456789ab", address))
    foreign.get_by_role("button", name="Share").click()
    expect(foreign.get_by_role("dialog", name="Share")).to_contain_text("Differs: the link was made with 0123456789ab")


@pytest.mark.full
def test_a_wrong_link_names_what_it_did_not_understand(live):
    page = live("v=1&place=atlantis&budget=7&bugdet=0.1")
    said = page.locator(".sw-unknown")
    for word in ("atlantis", "budget=7", "bugdet"):
        expect(said).to_contain_text(word)


@pytest.mark.full
def test_every_download(live, visit, tmp_path):
    page = live(QUERY)
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    buttons = dialog.locator("button[data-what]")
    got = {}
    for what in buttons.evaluate_all("all => all.map(one => one.dataset.what)"):
        with page.expect_download() as waiting:
            dialog.locator(f'[data-what="{what}"]').click()
        got[what] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(got[what])
    assert set(got) == {"html", "csv", "households", "png", "svg", "scenario"}
    assert got["png"].read_bytes().startswith(b"\x89PNG")
    lines = [line.split(",") for line in got["csv"].read_text().splitlines() if not line.startswith("#")]
    last = next(line[-1] for line in lines if line[:2] == ["a", "headcount"] and line[3] == "79")
    assert float(last) == float(engine(QUERY).worlds["a"].series["headcount"][79])
    replayed = at_the_end(visit(got["html"].as_uri()))
    assert shown(replayed) == poverty(engine(QUERY), 79)


@pytest.mark.full
def test_a_household_and_its_story(live):
    page = live(QUERY)
    page.locator(".sw-world canvas").first.focus()
    page.keyboard.press("ArrowRight")
    drawer = page.get_by_role("region", name="One household")
    drawer.get_by_label("Household no.").fill(str(HOUSEHOLD + 1))
    drawer.get_by_label("Household no.").press("Enter")
    told = story(engine(QUERY), choices(), HOUSEHOLD, threads())
    expect(drawer).to_contain_text(told["why"]["a"]["text"][0])
    expect(drawer.locator(".sw-parts")).to_contain_text(told["parts"]["text"][0])
    for arm, events in zip("ab", drawer.locator(".sw-told").all(), strict=True):
        assert events.locator("li").count() == len(told["events"][arm])


@pytest.mark.full
def test_two_readers_do_not_meet(live):
    first, second = live("v=1&b=hybrid"), live("v=1&b=dividend&luck=5")
    for _ in range(2):
        first.get_by_role("button", name="Shuffle").click()
        settled(first)
    assert "luck=5" in second.url and "b=dividend" in second.url
    expect(second.get_by_label("Policy B", exact=True)).to_have_value("dividend")
    assert shown(at_the_end(second)) == poverty(engine("v=1&b=dividend&luck=5"), 79)


@pytest.mark.full
def test_bands_and_mechanisms_follow(live):
    page = at_the_end(live(QUERY))
    expect(page.locator(".sw-sure")).to_contain_text("lucks under one set of assumptions")
    ask = page.get_by_role("button", name="Switch each off")
    ask.press("Enter")
    expect(ask).to_have_attribute("aria-disabled", "true")
    expect(ask).to_be_focused()  # whoever uses keys stays where they were
    expect(page.locator(".sw-explain .sw-heard")).to_contain_text("one mechanism switched off at a time")
    page.locator(".sw-tools select").select_option("id")  # before anything is answered: it is asked again
    expect(page.locator(".sw-most")).not_to_be_empty()
    expect(page.locator(".sw-explain")).to_contain_text(by_language()["id"]["stage.all_on"])
    for language, view in itertools.product(("id", "en"), VIEWS.values()):
        page.locator(".sw-tools select").select_option(language)
        page.set_viewport_size(view)
        page.wait_for_timeout(300)  # laid out anew
        assert page.evaluate(BROKEN) == [], (language, view)


@pytest.mark.full
@pytest.mark.parametrize("view", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_the_evidence_stands_beside(live, view, language):
    words, at = by_language()[language], ("en", "id").index(language)
    page = live(view=view)
    page.locator(".sw-tools select").select_option(language)
    page.get_by_role("button", name=words["stage.evidence"]).click()
    dialog = page.get_by_role("dialog", name=words["stage.evidence"])

    def sideways() -> list[str]:
        """What a reader would have to scroll to the side for."""
        return dialog.evaluate(
            """one => [one, ...one.querySelectorAll('*')].filter(each => each.checkVisibility()
                && (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== 'visible'
                    || each.getBoundingClientRect().right > window.innerWidth + 1))
                .map(each => `${each.tagName}.${each.className}`)"""
        )

    assert dialog.locator("tbody tr").count() > 50
    dialog.locator("summary").click()
    expect(dialog.locator("tbody tr").last).to_be_visible()
    assert sideways() == []
    dialog.get_by_role("button", name=re.compile("· V1$")).click()
    expect(dialog.locator(".sw-result tbody tr").first).to_be_visible()
    heads = [words[f"stage.{key}"] for key in ("outcome", "arm", "small_run", "observed")]
    assert dialog.locator(".sw-result thead th").all_text_contents() == heads
    cells = dialog.locator(".sw-result tbody td:last-child").all_text_contents()
    assert "–" not in cells and ("13,47" if at else "13.47") in cells
    dialog.get_by_role("button", name=re.compile("· regime_map$")).click()
    expect(dialog.locator(".sw-result tbody tr")).to_have_count(400)
    expect(dialog.locator(".sw-result")).to_contain_text("400 dari 1729 baris" if at else "400 of 1729 rows")
    winner = dialog.locator(".sw-result tbody tr").nth(7).locator("td").last
    assert winner.text_content() == ("tanpa pemenang yang jelas" if at else "no clear winner")
    assert sideways() == []
    dialog.get_by_role("button", name=re.compile("· lesson_growth$")).click()
    expect(dialog.locator(".sw-result h3")).to_have_text(lessons()[0]["title"][at])
    expect(dialog.locator(".sw-result")).to_contain_text(words["stage.verdict_identical"])
    assert sideways() == []


@pytest.mark.full
def test_one_village_is_looked_into_in_mesas_viewer(visit, tmp_path):
    """It plays, steps and starts anew, fetches nothing, and shows the households of the readable lane."""
    with serving(tmp_path / "said.txt", "--inside") as (_, address):
        page = visit(address, ready="img")
        page.get_by_role("button", name="Step").click()
        expect(page.get_by_text("Step: 1", exact=True)).to_be_visible()
        page.get_by_role("button", name="▶").click()
        expect(page.get_by_text(re.compile(r"^Step: ([3-9]|\d\d)$"))).to_be_visible()
        page.get_by_role("button", name="❚❚").click()
        expect(page.locator("img")).to_have_count(2)
        page.get_by_role("button", name="Reset").click()
        expect(page.get_by_text(re.compile(r"^Step: [01]$"))).to_be_visible()  # a step under way is made anew
        page.locator(".v-select__slot").click()
        page.get_by_role("option", name="T0 dividend", exact=True).click()
        expect(page.get_by_text(re.compile(r"^R1 locality development, luck 1\."))).to_be_visible()  # until a reset
        page.get_by_role("button", name="Reset").click()
        expect(page.get_by_text(re.compile(r"^T0 dividend, luck 1\."))).to_be_visible()
        page.set_viewport_size(PHONE)
        page.wait_for_function(
            """() => [...document.images].every((picture) => {
              const places = [picture, document.querySelector("button")].map((one) => one.getBoundingClientRect());
              const [place, step] = places;
              return place.top > step.bottom && place.width > 0.8 * innerWidth;
            })"""
        )
        page.close()
    assert "Traceback" not in (tmp_path / "said.txt").read_text()


@pytest.mark.full
def test_pages_open_in_the_language_of_whoever_serves_them(visit, tmp_path):
    """In the view, and in Mesa's viewer, whose own buttons stay English and are explained."""
    with serving(tmp_path / "said.txt", "--lang", "id") as (_, address):
        page = visit(address)
        expect(page.locator("html")).to_have_attribute("lang", "id")
        page.get_by_role("button", name="Langsung ke akhir").click()
        page.close()
    with serving(tmp_path / "said.txt", "--inside", "--lang", "id") as (_, address):
        page = visit(address, ready="img")
        expect(page.get_by_text("tekan ▶, atau Step untuk satu triwulan")).to_be_visible()
        expect(page.get_by_text("Step = satu triwulan")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "id")
        expect(page).to_have_title("Swadaya: Di dalam satu desa")
        page.get_by_role("button", name="Step").click()
        expect(page.get_by_text(re.compile(r"Tahun 0, triwulan 1: \d+% penduduk miskin"))).to_be_visible()
        page.close()


@pytest.mark.full
def test_phone_with_a_server(live):
    page = live("v=1&b=hybrid", view=PHONE)
    assert page.evaluate(SIDEWAYS) == []
    expect(page.get_by_label("Policy A", exact=True)).to_be_hidden()  # folded, so that the stage comes first
    bet, bar = page.locator(".sw-guessing").bounding_box(), page.locator(".sw-clock").bounding_box()
    assert bar["y"] >= bet["y"] + bet["height"]  # nothing lies on the bet
    page.get_by_role("button", name="Show me the end").click()
    play = page.get_by_role("button", name="Play").bounding_box()
    assert play["y"] + play["height"] <= PHONE["height"]  # the clock stays in view while one scrolls
    page.get_by_text("Set-up or lessons", exact=True).click()
    page.get_by_label("Policy A", exact=True).select_option("dividend")
    page.wait_for_url(re.compile("a=dividend"))
    settled(page)
    assert page.evaluate(SIDEWAYS) == []
