"""The suite. `pytest` from the repository; helpers are `tests.world`, `tests.cloud` and `tests.mishaps`."""
