# SPDX-License-Identifier: MIT
"""faultline record without the module: what each kernel tells of ends, to whom."""

import sys
import unittest

from classic import TOP

sys.path.insert(0, str(TOP / "tests/cli"))

from test_short_lives import ShortLives  # noqa: E402, F401 (the path comes first; it runs here)

if __name__ == "__main__":
    unittest.main()
