"""What an organiser fixes: command lines, files, environments, plugins."""

from __future__ import annotations

from anomed_core.errors.root import AnomedError


class UsageError(AnomedError, ValueError):
    """Something an organiser typed or configured is wrong; the command line exits with 2."""


class ConfigError(UsageError):
    """A key of the configuration is unknown, missing, or of the wrong type or value.

    Parameters
    ----------
    key
        Path of the key, such as ``challenges.iris.utility``; empty if the file itself is wrong.
    problem
        What is wrong with it and what is allowed instead.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key
        self.problem = problem

    def of_challenge(self, challenge: str) -> ConfigError:
        """Return the error with the key's whole path, where a plugin knew its own part only."""
        table = f"challenges.{challenge}"
        if self.key.startswith(table):
            return self
        return ConfigError(f"{table}.{self.key}" if self.key else table, self.problem)


class EnvironmentInUseError(UsageError):
    """The environment of a foreign library cannot be removed yet."""


class EnvironmentMissingError(UsageError):
    """A foreign library has no environment yet, or it could not be made."""


class TableError(UsageError):
    """A table in a file is not what it should be.

    Parameters
    ----------
    source
        Name of the file.
    problem
        What is wrong with it, what is allowed, and what to do.
    line
        Where in a text file, from 1.
    column
        Name of the column.
    """

    def __init__(
        self, source: str, problem: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        where = source if line is None else f"{source}, line {line}"
        where = where if column is None else f"{where}, column {column!r}"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.problem = problem
        self.line = line
        self.column = column


class PluginError(UsageError):
    """A plugin cannot be used."""


class PluginNotFoundError(PluginError):
    """No installed distribution offers the plugin that was named."""


class PluginBrokenError(PluginError):
    """A plugin is installed but does not load."""


class PluginConflictError(PluginError):
    """Two plugins claim the same thing; the message names both."""
