"""Profiles for Hypothesis. `HYPOTHESIS_PROFILE=ci` gives the same examples on every run."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: on a busy machine an example may take any time, and that says nothing about the code.
# What whoever runs the tests has set up for their own messages is not for these.
SETTINGS = ("DAYZERO_SMTP_", "DAYZERO_MAIL_", "DAYZERO_WEBHOOK_", "DAYZERO_NOTIFY", "DAYZERO_QUESTIONS")
for name in [name for name in os.environ if name.startswith(SETTINGS)]:
    del os.environ[name]
os.environ["DAYZERO_SETTINGS"] = ""

settings.register_profile("dayzero", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dayzero"))
