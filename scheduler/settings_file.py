"""Where settings come from: the environment, then a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from scheduler.settings import Settings
from schedules.errors import InvalidInput, hint

PREFIX = "DAYZERO_"
FILE = "DAYZERO_SETTINGS"
LARGEST = 64 * 1024
# A name that begins like a setting and is none was mistyped; other programs of ours may have other names.
_OURS = ("SMTP_", "MAIL_", "WEBHOOK_", "NOTIFY", "QUESTIONS")


def load_settings() -> Settings:
    """The settings of this machine. Raises InvalidInput, which quotes no value."""
    _check_names(name.removeprefix(PREFIX).lower() for name in os.environ if name.startswith(PREFIX))
    path = _path()
    with _explained(path):
        return Settings(**_Loaded(**({} if path is None else _read(path))).model_dump())


class _Loaded(Settings, BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, which comes as arguments."""
        return env_settings, init_settings


def _check_names(names: Iterator[str]) -> None:
    for name in sorted(names):
        if name.upper().startswith(_OURS) and name not in Settings.model_fields:
            raise InvalidInput(f"{PREFIX}{name.upper()} is no setting. {hint('setting', name, Settings.model_fields)}")


def _path() -> Path | None:
    """The settings file: the one that is named, which must be there, else the user's own, if it is there."""
    named = os.environ.get(FILE)
    if named is not None:
        return Path(named) if named else None
    usual = user_config_path("dayzero", appauthor=False) / "settings.toml"
    return usual if usual.exists() else None


def _read(path: Path) -> dict[str, Any]:
    """What a settings file says. Raises InvalidInput for one that others could read, or that is not TOML."""
    import tomllib

    try:
        with path.open("rb") as file:
            _check_owner_only(path, os.fstat(file.fileno()))
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput(f"The settings file {path} cannot be read: {error.strerror}. Mend it, or {FILE}.") from None
    if len(data) > LARGEST:
        raise InvalidInput(f"The settings file {path} is larger than {LARGEST} bytes. Keep settings alone in it.")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidInput(f"The settings file {path} is not text in UTF-8. Save it as such.") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"The settings file {path} is not TOML: {error}. Mend it there.") from None


def _check_owner_only(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"The settings file {path} is no file. Name one with {FILE}.")
    # Windows tells nothing of who may read a file by its mode.
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        raise InvalidInput(
            f"The settings file {path} has secrets, and others than its owner may use it. Run: chmod 600 {path}"
        )


@contextmanager
def _explained(path: Path | None) -> Iterator[None]:
    """Tells what is wrong with a setting, where it may stand, and nothing of what it is."""
    from pydantic_settings import SettingsError

    where = "in the environment" if path is None else f"in the environment or in {path}"
    try:
        yield
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        name = str(found["loc"][0]) if found["loc"] else ""
        if found["type"] == "extra_forbidden":
            known = hint("setting", name, Settings.model_fields)
            raise InvalidInput(f"There is no setting '{name}' {where}. {known}") from None
        reason = str(found.get("ctx", {}).get("error") or found["msg"])
        subject = f"The setting {name} ({PREFIX}{name.upper()})" if name else "What is set"
        raise InvalidInput(f"{subject} {where} cannot be used: {reason}.") from None
    except SettingsError:
        raise InvalidInput(f"A setting {where} is not written as it must be. See docs/reminders.md.") from None
