"""A reader comes back after the connection was lost, in a real browser, also where the first one brought no cookie."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect
from test_app_browser import READY, WAIT, answering, chromium, served, serving, settled, visit  # noqa: F401

pytestmark = pytest.mark.full
DROP = "solara.debug.dropConnection()"


def without_cookie(page: Page) -> None:
    """The cookie that came with the page is gone before the page connects."""

    def lost(route: Route) -> None:
        page.context.clear_cookies()
        route.continue_()

    page.route(re.compile(r"require\.js"), lost)


@pytest.mark.parametrize("later", [True, False], ids=["a cookie came later", "no cookie at all"])
def test_a_reader_without_a_cookie_comes_back(visit, served, later):  # noqa: F811
    page = visit("about:blank", ready="body")
    without_cookie(page)
    page.goto(served)
    page.wait_for_selector(READY)
    assert not page.context.cookies()
    if later:
        page.context.add_cookies([{"name": "solara-session-id", "value": "a-later-one", "url": served}])
    for policy in ("hybrid", "dividend"):
        assert page.evaluate(DROP)
        page.wait_for_function("solara.debug.connectionStatus == 'connected'")
        page.get_by_label("Policy B", exact=True).select_option(policy)
        page.wait_for_url(lambda url, policy=policy: f"b={policy}&" in url)
        settled(page)
    expect(page.get_by_text("Server disconnected")).to_be_hidden()


def on_its_way(page: Page, what: str, does) -> list[str]:
    """Where the first message with some words comes to a page, `does` is called with its connection instead, once."""
    met: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passed(message: str | bytes) -> None:
            if met or what not in str(message):
                socket.send(message)
            else:
                met.append(str(message)[:200])
                does(socket)

        server.on_message(passed)

    page.route_web_socket(re.compile("/channels"), between)
    return met


def test_a_choice_that_is_lost_on_its_way_is_made_again(visit, served):  # noqa: F811
    page, lost = visit("about:blank", ready="body"), []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def passed(message: str | bytes) -> None:
            if len(lost) < 2 and '"settings"' in str(message):
                lost.append(message)
            else:
                server.send(message)

        socket.on_message(passed)

    page.route_web_socket(re.compile("/channels"), between)
    page.goto(served)
    page.wait_for_selector(READY)
    page.get_by_label("Policy B", exact=True).select_option("dividend")
    page.get_by_label("Policy A", exact=True).select_option("hybrid")
    page.wait_for_url(re.compile("a=hybrid&b=dividend&"))
    settled(page)
    assert len(lost) == 2


@pytest.mark.parametrize("what", ['"finished"', '"payload"'], ids=["before anything is seen", "before the first run"])
def test_a_page_that_is_cut_off_while_it_opens_begins_anew(visit, served, what):  # noqa: F811
    page = visit("about:blank", ready="body")
    met = on_its_way(page, what, lambda socket: socket.close())
    page.goto(served)
    page.wait_for_selector(READY)
    assert met
    page.get_by_label("Policy B", exact=True).select_option("dividend")
    page.wait_for_url(re.compile("b=dividend&"))
    settled(page)


@pytest.mark.parametrize("place", [0, 1], ids=["the first run", "a later run"])
def test_a_run_that_is_lost_on_its_way_is_asked_for_again(visit, served, place):  # noqa: F811
    page = visit("about:blank", ready="body")
    met = on_its_way(page, f'\\"generation\\":{place + 1},\\"digest', lambda socket: None)
    page.goto(served)
    page.wait_for_selector(READY)
    for _ in range(place):
        page.get_by_label("Policy B", exact=True).select_option("dividend")
        settled(page)
        page.wait_for_url(re.compile("b=dividend&"))
    assert met


def test_a_server_that_begins_anew_finds_its_readers(chromium, tmp_path):  # noqa: F811
    page = chromium.new_page()  # that nobody answers for a while is what it must live with
    page.set_default_timeout(WAIT)
    with serving(tmp_path / "one.txt") as (_, address):
        page.goto(f"{address}?b=dividend")
        page.wait_for_selector(READY)
        page.get_by_label("Language").select_option("id")
        expect(page.get_by_label("Kebijakan B", exact=True)).to_have_value("dividend")
    lost = page.locator(".v-overlay .v-progress-circular__info")
    expect(lost).to_be_visible()
    assert "terputus" in lost.evaluate("node => getComputedStyle(node, '::after').content")
    with serving(tmp_path / "two.txt", "--port", address.rpartition(":")[2].strip("/")):
        page.wait_for_event("load")
        page.wait_for_selector(READY)
        expect(page.get_by_label("Kebijakan B", exact=True)).to_have_value("dividend")
    page.close()
