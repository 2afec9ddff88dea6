"""The view under many readers, in a real browser: all are answered, memory comes back, nothing leaks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from test_app_browser import READY, WAIT, chromium, serving  # noqa: F401

pytestmark = pytest.mark.full
MORE = 1.2  # times what the server held before anybody came, when all have gone


@pytest.fixture
def server(tmp_path):
    """A server of its own, and its address."""
    with serving(tmp_path / "said.txt") as found:
        yield found


def held(process) -> float:
    """Memory of a process, MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024.0


def given_back(process, before):
    """All have gone: what they held goes too, as soon as a busy machine comes to it."""
    end = time.monotonic() + WAIT / 1000
    while held(process) > MORE * before:
        assert time.monotonic() < end, f"{held(process):.0f} MB, {before:.0f} before anybody came"
        time.sleep(0.5)


def visited(browser, address):
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.wait_for_selector(READY)
    return context, page


def test_fifty_readers_in_turn_leave_no_memory_behind(server, chromium):  # noqa: F811
    process, address = server
    before = held(process)
    for reader in range(50):
        context, page = visited(chromium, f"{address}?luck={reader % 5 + 1}")
        page.close()
        context.close()
    given_back(process, before)


def test_fifteen_readers_at_once_keep_their_own_settings(server, chromium):  # noqa: F811
    process, address = server
    before = held(process)
    opened = [visited(chromium, f"{address}?luck={luck}") for luck in range(101, 116)]
    for luck, (_, page) in enumerate(opened, 101):
        page.get_by_label("Policy B", exact=True).select_option("hybrid" if luck % 2 else "infrastructure")
    for luck, (_, page) in enumerate(opened, 101):
        page.wait_for_selector(READY)
        page.wait_for_function(
            "policy => location.search.includes(policy)", arg="b=hybrid" if luck % 2 else "b=infrastructure"
        )
        assert f"luck={luck}&" in page.url
    addresses = {page.url for _, page in opened}
    assert len(addresses) == 15 and len({one.partition("&d=")[2] for one in addresses}) == 15
    for context, page in opened:
        page.close()
        context.close()
    given_back(process, before)
