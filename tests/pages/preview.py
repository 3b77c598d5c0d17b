"""`python -m tests.pages.preview OUTDIR [NAME...]`: every sample as a file, and as pictures where Chromium is found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import Browser, sync_playwright

from chalicelib.web.templates import make_environment
from tests.pages.samples import Sample, every

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
WIDTHS = {"phone": 390, "desktop": 1280}


def environment(static_root: str = "/static/", tidy: bool = True) -> Environment:
    """Jinja as the pages layer sets it up; without `tidy` blocks are not trimmed, which must not matter."""
    made = make_environment(FileSystemLoader(ROOT / "chalicelib" / "pages" / "templates"))
    made.trim_blocks = made.lstrip_blocks = tidy
    made.globals["static"] = lambda name: static_root + name
    return made


def render(sample: Sample, jinja: Environment) -> str:
    """The whole page as text."""
    return jinja.get_template(sample.template).render(sample.context)


def chromium() -> str | None:
    """The system's browser, if there is one."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path), None)


def write(folder: Path, samples: list[Sample]) -> None:
    """Writes each page beside a copy of the static files, so that it opens from disk."""
    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True)
    jinja = environment("static/")
    for sample in samples:
        (folder / f"{sample.name}.html").write_text(render(sample, jinja), encoding="utf-8")


def photograph(folder: Path, samples: list[Sample], executable: str) -> None:
    """Pictures of each page at phone and desktop width, light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        for scheme in ("light", "dark"):
            for kind, width in WIDTHS.items():
                _photograph_at(browser, folder, samples, scheme, kind, width)
        browser.close()


def _photograph_at(browser: Browser, folder: Path, samples: list[Sample], scheme: str, kind: str, width: int) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 820}, color_scheme="dark" if scheme == "dark" else "light"
    )
    for sample in samples:
        page.goto((folder / f"{sample.name}.html").as_uri())
        page.screenshot(path=folder / f"{sample.name}-{kind}-{scheme}.png", full_page=True)
    page.close()


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    samples = [sample for sample in every() if sample.name in arguments[1:] or not arguments[1:]]
    write(folder, samples)
    browser = chromium()
    if browser is None:
        print("No Chromium on the path: pages written, no pictures taken.")
        return
    photograph(folder, samples, browser)
    print(f"{len(samples)} pages and their pictures are in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
