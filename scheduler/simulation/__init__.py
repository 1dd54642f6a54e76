"""Invented patients: a seeded generator of what really happens in a trial, for load tests and for trying things out."""

from __future__ import annotations
