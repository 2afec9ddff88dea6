"""A reader comes back after the connection was lost, in a real browser, also where the first one brought no cookie."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from test_app_browser import READY, chromium, served, settled, visit  # noqa: F401

pytestmark = pytest.mark.full
DROP = "solara.debug.dropConnection()"


def without_cookie(route) -> None:
    """The page, but not the cookie that comes with it."""
    answer = route.fetch()
    route.fulfill(response=answer, headers={k: v for k, v in answer.headers.items() if k.lower() != "set-cookie"})


@pytest.mark.parametrize("later", [True, False], ids=["a cookie came later", "no cookie at all"])
def test_a_reader_without_a_cookie_comes_back(visit, served, later):  # noqa: F811
    page = visit("about:blank", ready="body")
    page.route(served, without_cookie)
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


def test_a_page_is_nobody_elses(visit, served):  # noqa: F811
    """Who knows the name of a page, and brings another cookie, is refused; the page itself goes on."""
    page = visit(served)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "solara-session-id", "value": "somebody-else", "url": served}])
    assert page.evaluate(DROP)
    page.wait_for_function("solara.debug.connectionStatus == 'connecting'")
    page.wait_for_timeout(3_000)
    assert page.evaluate("solara.debug.connectionStatus") != "connected"
