"""The nouns: plain frozen values that every room shares, and the errors."""

from tutela.model.content import Content, MediaType
from tutela.model.entry import Entry, Grade, ListInfo, Purpose, Rejected, Removed, Threshold
from tutela.model.frame import Box, Frame, Pixels
from tutela.model.problem import Problem, ProblemKind
from tutela.model.settings import Limits, ServerSettings, Settings, read_settings
from tutela.model.signal import Orientation, Signal, Unhashable
from tutela.model.verdict import (
    Finding,
    FrameInfo,
    Hit,
    Known,
    ListedBenign,
    Near,
    NothingFound,
    Span,
    Unreadable,
    Verdict,
)

__all__ = [
    "Box",
    "Content",
    "Entry",
    "Finding",
    "Frame",
    "FrameInfo",
    "Grade",
    "Hit",
    "Known",
    "Limits",
    "ListInfo",
    "ListedBenign",
    "MediaType",
    "Near",
    "NothingFound",
    "Orientation",
    "Pixels",
    "Problem",
    "ProblemKind",
    "Purpose",
    "Rejected",
    "Removed",
    "ServerSettings",
    "Settings",
    "Signal",
    "Span",
    "Threshold",
    "Unhashable",
    "Unreadable",
    "Verdict",
    "read_settings",
]
