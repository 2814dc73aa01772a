# SPDX-License-Identifier: MIT
"""Building the module for a kernel of the cache."""

import os
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "vm"))

import kernel  # noqa: E402 (the path comes first)
import module  # noqa: E402


class Build(unittest.TestCase):
    def test_a_make_with_jobs_around_it_is_no_trouble(self):
        around = {"MAKEFLAGS": " -j2 --jobserver-auth=3,4", "MAKELEVEL": "1"}
        with mock.patch.dict(os.environ, around):
            built = module.get(kernel.get("6.1", print))
        self.assertTrue(built.is_file())


if __name__ == "__main__":
    unittest.main()
