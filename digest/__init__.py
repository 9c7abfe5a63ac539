"""处置简报: builds the day's digest from leads (:mod:`digest.builder`) and writes it as files (:mod:`digest.writing`)."""

from digest.builder import build
from digest.writing import write

__all__ = ["build", "write"]
