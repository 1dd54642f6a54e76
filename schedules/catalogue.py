"""The protocols that come with dayzero: data files beside this module, named ``PROTOCOL_VERSION.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# A path beside this module, not importlib.resources: importing that would cost a small command a tenth of its time.
PROTOCOLS = Path(__file__).with_name("protocols")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A template file that comes with the program."""

    protocol: str
    version: str
    file: str


def shipped() -> tuple[Shipped, ...]:
    """All shipped templates, by protocol and version."""
    names = sorted(entry.name for entry in PROTOCOLS.iterdir() if entry.name.endswith(".yaml"))
    parts = (name.removesuffix(".yaml").rpartition("_") for name in names)
    return tuple(
        Shipped(protocol=protocol, version=version, file=name)
        for name, (protocol, _, version) in zip(names, parts, strict=True)
    )


def read(template: Shipped) -> bytes:
    """The bytes of a shipped template."""
    return (PROTOCOLS / template.file).read_bytes()
