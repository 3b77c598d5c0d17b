"""The fixtures of `running`, for every test in this folder."""

from tests.browser.running import browser, local, open_tab, playwright, tab

__all__ = ["browser", "local", "open_tab", "playwright", "tab"]
