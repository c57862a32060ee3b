"""The pages in a real browser: a team's way, an organiser's way, and what every page promises."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from anomed_core import Role
from anomed_core.ledger import Grant
from anomed_core.wire import encode_npz
from tests.e2e.screenshots import served, shots
from tests.pages_world import PagesWorld, open_world

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
axe_script = pytest.importorskip("axe_playwright_python.base", reason="needs axe-playwright-python")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]

HERE = "/challenges/incomes"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NEWS_MS = 5_000
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    world = open_world(tmp_path_factory.mktemp("state"), n_teams=10)
    yield world
    world.server.close()


@pytest.fixture(scope="module")
def address(world: PagesWorld) -> Iterator[str]:
    with served(world) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Open]:
    """Return a function that opens pages in a browser of their own; what is wrong is told."""
    contexts, faults = [], []

    def opened(*, token: str = "", width: int = 1280, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        context = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": 900},
            extra_http_headers=headers,
            **options,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()

        def look(request: Any) -> None:
            if not request.url.startswith(address):
                faults.append(f"asks {request.url}")

        def hear(message: Any) -> None:
            if "the server responded with a status of 4" not in message.text:
                faults.append(f"{page.url} says {message.text}")

        page.on("request", look)
        page.on("console", hear)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def sign_in(page: Any, token: str, path: str = "/challenges") -> None:
    page.goto(f"/sign-in?next={path}")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    playwright.expect(page).to_have_url(re.compile(re.escape(path) + "$"))


def team(world: PagesWorld, name: str, role: Role = Role.ANONYMIZER) -> str:
    return world.server.tokens.create(Grant(role=role, holder=name, challenge="incomes"))


def hand_in(page: Any, file: Path, *, final: bool = False) -> None:
    page.goto(f"{HERE}/submit")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label(re.compile("Finals" if final else "Tuning")).check()
    page.get_by_role("button", name="Submit").click()


def guesses(folder: Path, value: float) -> Path:
    file = folder / "guess.csv"
    file.write_text("guess\n" + f"{value}\n" * 4)
    return file


# --- a team ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_a_team_signs_in_submits_is_refused_in_a_sentence_and_signs_out(
    scripts: bool, world: PagesWorld, visit: Open, tmp_path: Path
) -> None:
    name = f"visitor-{scripts}".lower()
    page = visit(java_script_enabled=scripts)
    page.goto(f"{HERE}/submit")
    playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to see this")
    sign_in(page, team(world, name), HERE)
    playwright.expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()
    playwright.expect(page.get_by_text("A town wants to publish")).to_be_visible()

    wrong = tmp_path / "wrong.csv"
    wrong.write_text("guess\n0.5\n")
    hand_in(page, wrong)
    alert = page.get_by_role("alert")
    playwright.expect(alert).to_contain_text("Not taken, and nothing was charged.")
    playwright.expect(alert).to_contain_text("guess")
    playwright.expect(page.get_by_text("5 left")).to_be_visible()

    hand_in(page, guesses(tmp_path, 0.7))
    playwright.expect(page).to_have_url(re.compile(r"/scores/\d+$"))
    playwright.expect(page.get_by_text("0.7").first).to_be_visible()

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    playwright.expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    page.goto(f"{HERE}/submit")
    playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to see this")


def test_it_sees_its_place_change_when_another_team_submits(
    world: PagesWorld, visit: Open, address: str, tmp_path: Path
) -> None:
    page = visit()
    sign_in(page, team(world, "watcher"), HERE)
    hand_in(page, guesses(tmp_path, 0.9), final=True)
    playwright.expect(page).to_have_url(re.compile(r"/scores/\d+$"))
    page.goto(f"{HERE}/ranking")
    row = page.get_by_role("row").filter(has_text="watcher")
    playwright.expect(row).to_be_visible()
    before = row.inner_text()

    attacked = httpx.post(
        f"{address}{HERE}/utility/deanonymizer",
        params={"anonymizer": "watcher", "deanonymizer": "dan", "data_split": "validation"},
        headers={"Authorization": f"Bearer {world.tokens['deanonymizer']}"},
        content=encode_npz({"guess": np.full(4, 0.05)}),
    )

    assert attacked.status_code == 201, attacked.text
    playwright.expect(row).not_to_have_text(before, timeout=NEWS_MS)
    playwright.expect(row).to_contain_text("0.0", timeout=NEWS_MS)


def test_its_browser_is_signed_out_when_its_token_is_revoked(
    world: PagesWorld, visit: Open
) -> None:
    page = visit()
    sign_in(page, team(world, "leaver"), HERE)
    world.server.tokens.revoke("leaver")

    page.goto("/sign-in")

    playwright.expect(page.get_by_text("You were signed out:")).to_be_visible()


def test_another_browser_lets_it_in_by_a_code(world: PagesWorld, visit: Open) -> None:
    waiting, known = visit(), visit()
    token = team(world, "walker")
    sign_in(known, token, HERE)
    waiting.goto("/sign-in")
    waiting.get_by_label("Challenge").select_option("incomes")
    waiting.get_by_role("button", name="Show a code").click()
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", waiting.inner_text("main"))
    assert code is not None

    known.goto(f"{HERE}/device")
    known.get_by_label("Code on the device").fill(code[0])
    known.get_by_role("button", name="Let it in").click()
    playwright.expect(known.get_by_text("The device is in")).to_be_visible()

    playwright.expect(waiting.get_by_text("Signed in as walker")).to_be_visible(timeout=15_000)


def test_the_keyboard_is_enough(world: PagesWorld, visit: Open) -> None:
    page = visit()
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(team(world, "typist"))
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_text("Signed in as typist")).to_be_visible()
    outline = page.evaluate(
        "() => { document.querySelector('main a').focus({focusVisible: true});"
        " return getComputedStyle(document.activeElement).outlineStyle }"
    )
    assert outline == "solid"


# --- an organiser ---------------------------------------------------------------------------------


def test_an_organiser_annuls_and_the_ranking_follows(
    world: PagesWorld, visit: Open, tmp_path: Path
) -> None:
    team_page, desk = visit(), visit()
    sign_in(team_page, team(world, "copycat"), HERE)
    hand_in(team_page, guesses(tmp_path, 0.95), final=True)
    playwright.expect(team_page).to_have_url(re.compile(r"/scores/\d+$"))

    sign_in(desk, world.tokens["organiser"], f"{HERE}/organiser")
    row = desk.get_by_role("row").filter(has_text="copycat")
    row.locator("summary").filter(has_text="Annul").click()
    row.get_by_label("Reason").first.fill("The leaky table with its rows shuffled")
    row.get_by_role("button", name="Annul").click()
    playwright.expect(desk.get_by_text("The team sees your reason.")).to_be_visible()

    team_page.goto(f"{HERE}/ranking")
    group = team_page.locator("tbody").filter(has_text="copycat")
    playwright.expect(group).to_contain_text("Annulled by the organiser")
    desk.goto(f"{HERE}/organiser/records")
    playwright.expect(desk.get_by_text("score annulled").first).to_be_visible()


def test_an_organiser_sees_a_file_of_teams_before_tokens_are_made(
    world: PagesWorld, visit: Open, tmp_path: Path
) -> None:
    file = tmp_path / "teams.csv"
    file.write_text("team,role,challenge\nnewcomer,anonymizer,incomes\n")
    page = visit()
    sign_in(page, world.tokens["organiser"], f"{HERE}/organiser/teams")
    page.get_by_label("CSV file of teams").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    playwright.expect(page.get_by_role("heading", level=1)).to_have_text("Check the file")
    page.get_by_role("button", name="Make the tokens").click()

    token = page.get_by_text(re.compile("^anomed-[0-9a-f]{32}-[0-9a-f]{64}$")).inner_text()
    identity = world.server.tokens.identify(token)
    assert identity is not None
    assert identity.team == "newcomer"


# --- every page -----------------------------------------------------------------------------------


def violations(page: Any) -> list[str]:
    """Return what axe-core finds, as rule and first element."""
    page.evaluate(axe_script.AXE_FILE_PATH.read_text())
    run = f"() => axe.run(document, {{runOnly: {json.dumps(LEVELS)}}})"
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in page.evaluate(run)["violations"]
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_every_page_is_for_everybody(
    width: int, scheme: str, world: PagesWorld, visit: Open
) -> None:
    faults = []
    pages = {
        role: visit(token=world.tokens.get(role, ""), width=width, color_scheme=scheme)
        for role in ("", *world.tokens)
    }
    for name, path, role in shots(world):
        if name == "export":  # a file
            continue
        page = pages[role]
        page.goto(path)
        odd = page.evaluate("document.querySelectorAll('[style], style, [onclick]').length")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        headings = page.evaluate("document.querySelectorAll('h1').length")
        faults += [f"{name}: {problem}" for problem in violations(page)]
        faults += [f"{name}: {odd} styles of its own"] if odd else []
        faults += [f"{name}: {over} px too wide"] if over > 0 else []
        faults += [f"{name}: {headings} first headings"] if headings != 1 else []

    assert faults == []
