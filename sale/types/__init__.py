"""The values that pass through the market: frozen, picklable, and free of behaviour that does I/O.

Units: tokens are counted by the model's own tokenizer, prices are dollars per million tokens,
wall times are seconds, entropies are nats a token, ratings run from 0 to 5.
"""

from sale.types.auction import (
    DOLLARS,
    SOLVES,
    Appraisal,
    Auction,
    Award,
    Bid,
    Lesson,
    Offer,
    Ratings,
    Spent,
    Term,
)
from sale.types.past import Experience, PastAuction, PastWork, Precedent, Signs, Tried
from sale.types.roster import INDIFFERENT, AgentSpec
from sale.types.usage import (
    MILLION,
    Call,
    Completion,
    Message,
    Price,
    TokenChoice,
    Tokens,
    ToolCall,
    Usage,
)
from sale.types.words import Kind, Stage, State, StopReason, ToolUse, Verdict
from sale.types.work import FRESH_TEMPERATURE, Check, Citation, Limits, Outcome, Step, Task

__all__ = [
    "DOLLARS",
    "FRESH_TEMPERATURE",
    "INDIFFERENT",
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
    "Tokens",
    "ToolCall",
    "ToolUse",
    "Tried",
    "Usage",
    "Verdict",
]
