"""From arguments to a command that is run, with errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import attrs

from anomed_anomaly_detection.commands import configs
from anomed_anomaly_detection.commands.parsing import parse
from anomed_core import UsageError

Say = Callable[[str], None]


@attrs.frozen(kw_only=True)
class Command:
    """A command with nested flags.

    Attributes
    ----------
    name : str
    description : str
        One sentence.
    config_of : callable
        Returns the class of the configuration from the arguments.
    run : callable
        Takes the configuration and what says a line.
    """

    name: str
    description: str
    config_of: Callable[[Sequence[str]], type[Any]]
    run: Callable[[Any, Say], None]

    def __call__(self, arguments: Sequence[str], say: Say) -> None:
        """Run the command.

        Raises
        ------
        UsageError
            In one sentence.
        """
        config = parse(
            self.config_of(arguments),
            arguments,
            program=self.name,
            description=self.description,
        )
        try:
            self.run(config, say)
        except UsageError:
            raise
        except ValueError as error:
            raise UsageError(str(error)) from error


def _train_classifier(config: Any, say: Say) -> None:
    from anomed_anomaly_detection.commands.classifiers import train_classifier

    train_classifier(config, say)


def _train_detector(config: Any, say: Say) -> None:
    from anomed_anomaly_detection.commands.detecting import train_detector

    train_detector(config, say)


def _eval_detector(config: Any, say: Say) -> None:
    from anomed_anomaly_detection.commands.detecting import eval_detector

    eval_detector(config, say)


def _make_adversarial_examples(config: Any, say: Say) -> None:
    from anomed_anomaly_detection.commands.adversarial import make_adversarial_examples

    make_adversarial_examples(config, say)


COMMANDS = {
    command.name: command
    for command in (
        Command(
            name="train_classifier",
            description="Train a classifier, perhaps on poisoned records.",
            config_of=configs.train_classifier_config,
            run=_train_classifier,
        ),
        Command(
            name="train_detector",
            description="Fit a detector to a classifier and its trusted records.",
            config_of=configs.train_detector_config,
            run=_train_detector,
        ),
        Command(
            name="eval_detector",
            description="Judge a detector on normal and anomalous inputs.",
            config_of=configs.eval_detector_config,
            run=_eval_detector,
        ),
        Command(
            name="make_adversarial_examples",
            description="Attack a classifier and keep the inputs in its folder.",
            config_of=configs.adversarial_config,
            run=_make_adversarial_examples,
        ),
    )
}


def main(name: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command as a program: 0 if it went well, 2 and one line if it was asked wrongly."""
    try:
        COMMANDS[name](sys.argv[1:] if arguments is None else arguments, _write_line)
    except UsageError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    sys.exit(0)


def _write_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
