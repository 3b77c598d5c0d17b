"""Pictures of the product as a visitor sees it, taken from a running `make run`: `python -m tests.screenshots FOLDER`.

Walks the whole journey as the demo's first client, then as one with a password and an authenticator app, so it is also a
quick look at whether everything works. By itself it takes the pictures of the README; sizes named after the folder
(desktop, phone, desktop-dark, phone-dark) give every page whole. A code of the app opens once: wait a minute between runs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.browser.customers import App

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-sync",
]  # fmt: skip
README = {"sign-in", "batch", "second-factor", "security"}
Shoot = Callable[[str], None]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def chromium() -> str:
    """The path of an installed Chromium."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    return found or sys.exit("Install Chromium first.")


def camera(page: Page, folder: Path, suffix: str, *, whole: bool) -> Shoot:
    """What takes a picture of the page as it is: of those for the README alone, unless `whole`."""

    def shoot(name: str) -> None:
        if whole or name in README:
            page.screenshot(path=folder / f"{name}{suffix}.png", full_page=whole)

    return shoot


def newest_code(base: str, address: str) -> str:
    """The six digits of the newest message to an address, from the inbox."""
    with urllib.request.urlopen(f"{base}/inbox/messages.json") as answer:
        messages = json.load(answer)
    text = next(
        message["text"] for message in messages if message["to"] == address and re.search(r"\b\d{6}\b", message["text"])
    )
    return re.search(r"\b(\d{6})\b", text)[1]  # type: ignore[index]


def walk(page: Page, base: str, shoot: Shoot, client: dict[str, Any]) -> None:
    """The journey of a client who signs in by a code, a picture a page."""
    page.goto(f"{base}/acme/batches/{client['batch']}")
    shoot("sign-in")
    page.get_by_role("button", name="Next").click()
    shoot("sign-in-errors")
    page.get_by_label("Client Number").fill(client["client_number"])
    page.get_by_label("Last Name").fill(client["last_name"])
    page.get_by_role("button", name="Next").click()
    shoot("confirm")
    page.locator("#destination").fill(client["email"])
    page.get_by_role("button", name="Send Verification Code").click()
    page.get_by_label("Verification code").wait_for()
    shoot("code")
    page.wait_for_timeout(1200)
    page.get_by_label("Verification code").fill(newest_code(base, client["email"]))
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", level=1).wait_for()
    shoot("batch")
    page.goto(f"{base}/acme/")
    shoot("welcome")
    page.goto(f"{base}/acme/batches/{client['batch']}/upload")
    shoot("upload")
    page.goto(f"{base}/acme/trouble")
    shoot("trouble")
    page.goto(f"{base}/acme/help")
    shoot("help")
    page.goto(f"{base}/acme/nowhere")
    shoot("lost")
    page.goto(f"{base}/nobody/")
    shoot("no-portal")


def walk_with_password(page: Page, base: str, shoot: Shoot, client: dict[str, Any], app: App) -> None:
    """The journey of a client with a password and an authenticator app."""
    page.context.clear_cookies()
    page.goto(f"{base}/acme/sign-in/password")
    shoot("password")
    page.locator("#username").fill(client["username"])
    page.locator("#password").fill(client["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Remember this browser").check()
    shoot("second-factor")
    page.get_by_label("Verification code").fill(app.code())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Security").click()
    page.get_by_role("heading", name="Recent activity").wait_for()
    shoot("security")
    page.goto(f"{base}/acme/security/app")
    shoot("authenticator-app")
    page.goto(f"{base}/acme/security/password")
    shoot("change-password")


def main() -> None:
    """Take them all, in light and dark, on a desktop and a phone."""
    folder, base = Path(sys.argv[1]), os.environ.get("BASE_URL", "http://127.0.0.1:8000")
    folder.mkdir(parents=True, exist_ok=True)
    sizes = sys.argv[2:]
    clients = json.loads((Path(os.environ.get("LOCAL_DIR", ".local")) / "demo.json").read_text())["clients"]
    user = next(client for client in clients if "otpauth" in client)
    app = App(parse_qs(urlsplit(user["otpauth"]).query)["secret"][0])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for size in sizes or ["desktop"]:
            width, height = SIZES[size.removesuffix("-dark")]
            scheme = "dark" if size.endswith("-dark") else "light"
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            page.on(
                "console",
                lambda message: print("console:", message.text) if message.type in ("error", "warning") else None,
            )
            shoot = camera(page, folder, "" if size == "desktop" else f"-{size}", whole=bool(sizes))
            walk(page, base, shoot, clients[0])
            walk_with_password(page, base, shoot, user, app)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
