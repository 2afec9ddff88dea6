"""How often the stage is painted while it plays: a run's own page in a real browser, counted by the page's clock."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from sim.app.downloads import File
from sim.experiment.bench import Line

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
FIRST, SECONDS = 1, 6  # seconds that are left out, and that are counted
#: Plays, and counts the frames in which another time is shown, second by second.
COUNTED = """async ([first, seconds]) => {
  document.querySelector(".sw-play").click();
  const shown = () => document.querySelector(".sw-card .sw-cursor").getAttribute("x1");
  const found = new Array(seconds).fill(0);
  await new Promise((done) => {
    const began = performance.now();
    let before = shown();
    const frame = (now) => {
      const second = Math.floor((now - began) / 1000) - first;
      if (second >= seconds) return done();
      if (second >= 0 && shown() !== before) found[second]++;
      before = shown();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return found;
}"""


def paints(page: File) -> Line:
    """Paints a second of an exported page at normal speed, the lowest of some seconds.

    A browser paints at most as often as its screen, 60 a second here. This one has no graphics card: the processor
    draws all, so that whoever has a screen sees as much or more. Where there is no such browser the line says so.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None or find_spec("playwright") is None:
        needed = "pip install playwright, and chromium on the PATH or at CHROMIUM"
        return Line(f"paints while playing: not measured ({needed})", float("nan"), "1/s")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        file = Path(folder) / page.name
        file.write_bytes(page.data)
        browser = engine.chromium.launch(executable_path=path, args=list(FLAGS))
        shown = browser.new_page(viewport={"width": 1366, "height": 768})
        shown.goto(file.as_uri())
        shown.get_by_role("button", name="2 Watch").click()
        seen = shown.evaluate(COUNTED, [FIRST, SECONDS])
        browser.close()
    return Line(f"paints while playing, drawn by the processor, lowest of {SECONDS} seconds", min(seen), "1/s")
