"""The stage: one ES module in an anywidget, the same that an exported file carries.

Traits, each one JSON text ("" where there is nothing yet): ``payload`` (`sim.app.payload`), ``bands``
(`sim.app.bands`), ``form`` (`sim.app.form`), ``status`` {generation, state: running | ready | failed, step, done, of,
sentence: [en, id]}, ``share`` (`sim.app.share`), and once ``texts``, ``lessons``, ``evidence``; ``lang`` and ``mode``
are plain words. What the browser asks comes as messages: see `sim.app.session`.
"""

from __future__ import annotations

import anywidget
import traitlets

from sim.app.module import css, module

TRAITS = ("payload", "bands", "form", "status", "share", "texts", "lessons", "evidence", "lang", "mode")


class Stage(anywidget.AnyWidget):
    """The interactive view in a browser."""

    _esm = module()
    _css = css()
    payload = traitlets.Unicode("").tag(sync=True)
    bands = traitlets.Unicode("").tag(sync=True)
    form = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    share = traitlets.Unicode("").tag(sync=True)
    texts = traitlets.Unicode("").tag(sync=True)
    lessons = traitlets.Unicode("").tag(sync=True)
    evidence = traitlets.Unicode("").tag(sync=True)
    lang = traitlets.Unicode("en").tag(sync=True)
    mode = traitlets.Unicode("live").tag(sync=True)
