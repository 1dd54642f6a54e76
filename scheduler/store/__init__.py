"""The database. Its rows stay in here; what comes out are frozen values (design §10)."""

from __future__ import annotations
