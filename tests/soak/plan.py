# SPDX-License-Identifier: MIT
"""The scenarios in their order, and how a run's time is shared out among them."""

# The guest's status if a scenario failed: none that vm/run, or Python, has of its own.
FAILED = 3

# What each gets of the time, in parts.
SHARES = {
    "pressure": 5,  # first, while memory is in one piece
    "storm": 3,
    "reuse": 3,
    "lifetime": 3,
    "readers": 3,
    "hotplug": 3,
    "races": 3,
    "hostile": 6,
    "sessions": 6,
    "trinity": 4,
    "ordinary": 2,
}


def seconds_each(names, seconds):
    """Scenario: its seconds."""
    parts = sum(SHARES[name] for name in names)
    return {name: seconds * SHARES[name] / parts for name in names}
