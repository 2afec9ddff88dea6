"""`swadaya app`: check what the page needs, then serve it; nothing is fetched from anywhere."""

from __future__ import annotations

import os
import re
import signal
import socket
import warnings
import webbrowser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sim.app.memory import one_heap
from sim.app.texts import OPENED
from sim.errors import InputError

NEEDED = ("solara", "solara.server", "anywidget", "uvicorn", "starlette", "ipyvuetify")
LARGEST = 2**22  # bytes of one message from a browser
SILENT = 120.0  # seconds without a sign of life until a reader counts as gone: a busy machine drops nobody
INSTALL = "pip install 'swadaya[app]' installs it"
HOLES = {"{{ipywidget_major_version}}": "8"}
INSIDE = "sim.app.inside"
ENVIRONMENT = {
    "SOLARA_APP": "sim.app.page",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_TITLE": "Swadaya",
    "SOLARA_THEME_FORCE_REFRESH": "true",  # a server that began anew: the page does too, its address holds the set-up
    "SOLARA_KERNEL_CULL_TIMEOUT": "15m",
    "SOLARA_KERNEL_MAX_COUNT": "60",
    "SOLARA_KERNEL_MAX_PER_SESSION": "20",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_SESSION_HTTPS_ONLY": "false",
    "SOLARA_SESSION_HTTP_ONLY": "true",
}


def prepare(inside: bool = False) -> None:
    """Set the environment that Solara reads when it is imported; what the user has set stays.

    Raises
    ------
    InputError
        When a package or a file of the page is missing: names it and how to get it.
    """
    os.environ.pop("VIRTUAL_ENV", None)  # else its packages would come first, whichever Python runs
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    if inside:
        os.environ["SOLARA_APP"] = INSIDE
    else:  # what a page does that is cut off before it is whole
        os.environ.setdefault("SOLARA_ASSETS_EXTRA_LOCATIONS", "sim.app.assets")
    for name in (*NEEDED, "altair") if inside else NEEDED:  # Mesa's viewer imports it, and does not ask for it
        if not _there(name):
            raise InputError(f"the view needs the package {name.partition('.')[0]}, which is not installed; {INSTALL}")
    for path in missing():
        raise InputError(f"{path} is missing, and the view fetches nothing; {INSTALL} (package solara-assets)")


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def missing() -> Iterator[Path]:
    """Files of the page that are not on disk, by the names that Solara's own page has for them."""
    import solara.server
    import solara.server.settings
    import solara.util

    page = (Path(solara.server.__file__).parent / "templates" / "solara.html.j2").read_text(encoding="utf-8")
    other = "solara-vuetify-app@" if solara.util.IPYVUETIFY_V3 else "solara-vuetify3-app@"
    folder = Path(solara.server.settings.assets.proxy_cache_dir)
    folders = [folder, *map(Path, solara.server.settings.assets.extra_locations)]
    for name in dict.fromkeys(re.findall(r'\{\{cdn\}\}/([^"\s]+)', page)):
        for hole, filled in HOLES.items():
            name = name.replace(hole, filled)
        plain = name.endswith("app8.js")  # served in development only
        if "{{" in name or other in name or plain or any((one / name).is_file() for one in folders):
            continue
        yield folder / name


def serve(port: int, host: str, open_browser: bool, lang: str = "", inside: bool = False) -> None:
    """Serve until interrupted.

    Raises
    ------
    InputError
        When something is missing, or the port is taken.
    """
    prepare(inside)
    os.environ[OPENED] = lang
    _free(host, port)
    one_heap()
    warnings.filterwarnings("ignore", "Cookies with samesite=none", UserWarning)  # there is no page around this one
    import uvicorn
    from solara.server.starlette import app

    from sim.app import evidence
    from sim.app.crew import crew
    from sim.app.readers import recognising
    from sim.app.session import shipped

    if not inside:
        crew().warm()
    shipped()  # compiled, and every place at rest, before anybody comes
    evidence.document()
    address = f"http://{'localhost' if host in ('127.0.0.1', 'localhost') else host}:{port}/"

    class Server(uvicorn.Server):
        """Tells its address when it answers there, not before."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"Swadaya: {address}  (Ctrl-C ends it)", flush=True)
            if open_browser:
                webbrowser.open(address)

    about = uvicorn.Config(
        recognising(app),
        host=host,
        port=port,
        log_level="warning",
        ws_max_size=LARGEST,
        ws_ping_timeout=SILENT,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises what it was ended by once more
    try:
        Server(about).run()
    except KeyboardInterrupt:
        print("Swadaya: ended", flush=True)
    finally:
        if not inside:
            crew().close()


def _free(host: str, port: int) -> None:
    """Refuse a port that is taken, before anything is computed."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            why = str(error).rstrip(".")
            raise InputError(f"port {port} of {host} cannot be used: {why}; choose another with --port") from None
