"""The one error of this package."""


class EngineError(RuntimeError):
    """A local engine cannot do what was asked; the message says why, what to do next and which log tells more."""
