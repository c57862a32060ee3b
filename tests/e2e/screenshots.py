"""Take pictures of every page: wide and narrow, light and dark, of a server with forty teams.

Run from the root of the repository, with playwright and Debian's chromium installed::

    python -m tests.e2e.screenshots FOLDER

Pages that overflow, load from elsewhere or complain to the console are named, and end it with 1.
"""

from __future__ import annotations

import shutil
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from anomed_core.web import create_web_app
from anomed_core.web.pages.registry import PAGES
from tests.pages_world import PagesWorld, open_world

WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")
_HEIGHT = 900


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(world: PagesWorld) -> Iterator[str]:
    """Serve a world on a free port, and return its address."""
    application: Any = create_web_app(world.server, access_log=False)
    with make_server(
        "127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def shots(world: PagesWorld) -> Iterator[tuple[str, str, str]]:
    """Yield name, path and role of each picture."""
    told = world.server.numbers.told
    for page in PAGES:
        if page.of_server:
            yield page.name, page.path, "organiser" if "public" not in page.seen_by else ""
            continue
        role = next(
            (role for role in ("anonymizer", "deanonymizer", "organiser") if role in page.seen_by),
            "",
        )
        path = page.path.replace("{score_id:int}", str(told(world.scores["ranked"])))
        if "{" not in path:
            yield page.name, f"/challenges/incomes{path}", role
    yield "ranking-empty", "/challenges/early/ranking", ""
    yield "ranking-closed", "/challenges/old/ranking", ""
    yield "overview-empty", "/challenges/early", ""
    yield "ranking-attackers", "/challenges/incomes/ranking?name=deanonymizers", "deanonymizer"
    yield "score-organiser", f"/challenges/incomes/scores/{told(world.scores['own'])}", "organiser"
    yield "score-annulled", f"/challenges/incomes/scores/{told(world.scores['annulled'])}", ""
    yield "team-attacker", "/challenges/incomes/team", "deanonymizer"
    yield "refusal", "/challenges/incomes/team", ""


def take(world: PagesWorld, address: str, folder: Path) -> list[str]:
    """Write the pictures; return what is wrong with any page."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for width in WIDTHS:
            for scheme in SCHEMES:
                for role in ("", *world.tokens):
                    token = world.tokens.get(role)
                    context = browser.new_context(
                        viewport={"width": width, "height": _HEIGHT},
                        color_scheme=scheme,  # type: ignore[arg-type]
                        timezone_id="Europe/Berlin",
                        locale="en-GB",
                        extra_http_headers={"Authorization": f"Bearer {token}"} if token else {},
                    )
                    page = context.new_page()
                    said: list[str] = []
                    page.on("console", lambda message, said=said: said.append(message.text))
                    for name, path, who in shots(world):
                        if who != role:
                            continue
                        said.clear()
                        page.goto(address + path)
                        where = f"{name} at {width}, {scheme}"
                        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                        if over > 0:
                            faults.append(f"{where} is {over} px too wide")
                        faults += [f"{where}: {text}" for text in said if "status of 4" not in text]
                        page.screenshot(
                            path=folder / f"{name}-{width}-{scheme}.png", full_page=True
                        )
                    context.close()
        browser.close()
    return faults


def main(folder: Path) -> int:
    """Take all pictures; return how many pages are wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        world = open_world(Path(state))
        try:
            with served(world) as address:
                faults = take(world, address, folder)
        finally:
            world.server.close()
    for fault in faults:
        print(fault)
    return len(faults)


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))))
