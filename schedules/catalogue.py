"""The protocols that come with dayzero: data files beside this module, named ``PROTOCOL_VERSION.yaml``."""

from __future__ import annotations

import os
from dataclasses import dataclass

# A folder beside this module, by os.path: importing importlib.resources would cost a small command a tenth of its time,
# pathlib a fiftieth.
PROTOCOLS = os.path.join(os.path.dirname(__file__), "protocols")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A template file that comes with the program."""

    protocol: str
    version: str
    file: str


def shipped() -> tuple[Shipped, ...]:
    """All shipped templates, by protocol and version."""
    names = sorted(name for name in os.listdir(PROTOCOLS) if name.endswith(".yaml"))
    parts = (name.removesuffix(".yaml").rpartition("_") for name in names)
    return tuple(
        Shipped(protocol=protocol, version=version, file=name)
        for name, (protocol, _, version) in zip(names, parts, strict=True)
    )


def read(template: Shipped) -> bytes:
    """The bytes of a shipped template."""
    with open(os.path.join(PROTOCOLS, template.file), "rb") as file:
        return file.read()
