"""The values that pass through the market: frozen, picklable, and free of behaviour that does I/O.

Units: tokens are counted by the model's own tokenizer, prices are dollars per million tokens,
wall times are seconds, entropies are nats a token, ratings run from 0 to 5.
"""

from sale.types.auction import (
    DOLLARS,
    SOLVES,
    AgentSpec,
    Appraisal,
    Auction,
    Award,
    Bid,
    Experience,
    Lesson,
    Offer,
    Precedent,
    Ratings,
    Signs,
    Spent,
    Term,
)
from sale.types.past import PastAuction, PastWork
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
from sale.types.work import FRESH_TEMPERATURE, Check, Citation, Limits, Outcome, Step, Task

__all__ = [
    "DOLLARS",
    "FRESH_TEMPERATURE",
    "MILLION",
    "SOLVES",
    "AgentSpec",
    "Appraisal",
    "Auction",
    "Award",
    "Bid",
    "Call",
    "Check",
    "Citation",
    "Completion",
    "Experience",
    "Kind",
    "Lesson",
    "Limits",
    "Message",
    "Offer",
    "Outcome",
    "PastAuction",
    "PastWork",
    "Precedent",
    "Price",
    "Ratings",
    "Signs",
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
