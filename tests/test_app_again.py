"""A reader comes back after the connection was lost, in a real browser, also where the first one brought no cookie."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect
from test_app_browser import READY, chromium, served, settled, visit  # noqa: F401

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
