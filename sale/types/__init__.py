"""The values that pass through the market: frozen, picklable, and free of behaviour that does I/O.

Units: tokens are counted by the model's own tokenizer, prices are dollars per million tokens,
wall times are seconds, entropies are nats a token, ratings run from 0 to 5.
"""

from sale.types.auction import (
    AgentSpec,
    Appraisal,
    Auction,
    Award,
    Bid,
    Lesson,
    Precedent,
    Ratings,
    Spent,
    Term,
)
from sale.types.usage import (
    MILLION,
    Call,
    Completion,
    Message,
    Price,
    TokenChoice,
    ToolCall,
    Usage,
)
from sale.types.words import Kind, Stage, State, StopReason, ToolUse, Verdict
from sale.types.work import Check, Citation, Limits, Outcome, Step, Task

__all__ = [
    "MILLION",
    "AgentSpec",
    "Appraisal",
    "Auction",
    "Award",
    "Bid",
    "Call",
    "Check",
    "Citation",
    "Completion",
    "Kind",
    "Lesson",
    "Limits",
    "Message",
    "Outcome",
    "Precedent",
    "Price",
    "Ratings",
    "Spent",
    "Stage",
    "State",
    "Step",
    "StopReason",
    "Task",
    "Term",
    "TokenChoice",
    "ToolCall",
    "ToolUse",
    "Usage",
    "Verdict",
]
