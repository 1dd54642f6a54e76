"""What a site sets up for its messages: read from the environment, never from the database or the command line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schedules.errors import InvalidInput

PREFIX = "DAYZERO_"
ANY_SITE = "*"


class Settings(BaseModel):
    """What is set up. ``questions`` are the lines that tell whom to ask, by site (``*`` for any other), and either one
    text or one a language."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    questions: dict[str, str | dict[str, str]] = Field(default_factory=dict)

    def questions_of(self, site: str, language: str) -> str:
        """The line that tells a reader of that language whom to ask at a site; empty where none is set up."""
        line = self.questions.get(site, self.questions.get(ANY_SITE, ""))
        return line if isinstance(line, str) else line.get(language, line.get("en", ""))


class _FromEnvironment(Settings, BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)


def load_settings() -> Settings:
    """The settings of this machine. Raises InvalidInput, which quotes no value: it may be a secret."""
    try:
        return _FromEnvironment()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise InvalidInput(f"{name} is not set as it can be: {first['msg']}. Mend it, or unset it.") from None
