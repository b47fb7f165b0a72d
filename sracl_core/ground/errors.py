"""Every error this project raises on purpose.

SraclError
├── ParamsError      a parameter is missing, unknown or out of range (all of them are listed)
├── DataError        raw input cannot be read as what it claims to be
├── ArtifactError    a file between two stages is missing, damaged or of another shape
├── StorageError     a file cannot be written: the disk is full
├── MachineError     the machine gave less than was needed: memory, processes, threads
├── ModelError       a model, encoder or plugin cannot be loaded
├── TrainingError    training cannot start or cannot go on
└── LeakageError     something comes from outside the training interactions

Each message says what happened, where, what was expected, and what to do next. The commands print the message
alone; a traceback is kept for defects of the program.
"""


class SraclError(Exception):
    """A problem the person running the pipeline can solve; the message says how."""


class ParamsError(SraclError):
    """One or more parameters are wrong; the message lists all of them."""


class DataError(SraclError):
    """Raw input is missing or is not in the expected format."""


class ArtifactError(SraclError):
    """An artifact between two stages is missing, damaged, or not the one expected."""


class StorageError(SraclError):
    """A file cannot be written, since its disk is full."""


class MachineError(SraclError):
    """The machine did not give what was needed, or ended a process; `status` is what the run then ends with."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class ModelError(SraclError):
    """A model, an encoder or a plugin cannot be loaded."""


class TrainingError(SraclError):
    """Training cannot start, or cannot go on."""


class LeakageError(SraclError):
    """Something the model sees does not come from training interactions."""
