"""Profiles for Hypothesis. `HYPOTHESIS_PROFILE=ci` gives the same examples on every run."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: on a busy machine an example may take any time, and that says nothing about the code.
settings.register_profile("dayzero", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dayzero"))
