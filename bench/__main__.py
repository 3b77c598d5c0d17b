"""`make bench`: everything measured, in one run."""

from __future__ import annotations

import sys

from tests.world import World  # first: it sets the environment the product reads at import


def main() -> None:
    """Run the parts named on the command line, or all."""
    wanted = sys.argv[1:] or ["sign_in", "credentials", "api", "alike", "workflows", "cold_start"]
    if {"sign_in", "credentials", "api", "alike", "workflows"} & set(wanted):
        world = World()
        from bench import alike, api, credentials, sign_in, trace, workflows

        trace.time_pynamodb()
        with world.telling():
            world.reset()
            if "sign_in" in wanted:
                sign_in.run(world)
            if "credentials" in wanted:
                credentials.run(world)
            if "api" in wanted:
                trace.count_calls()
                api.run(world)
            if "workflows" in wanted:
                trace.count_calls()
                workflows.run(world)
            if "alike" in wanted:
                alike.run(world)
    if "cold_start" in wanted:
        from bench import cold_start

        cold_start.main()


if __name__ == "__main__":
    main()
