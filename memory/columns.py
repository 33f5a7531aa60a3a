"""What the tables share: the types of their columns, and clean text in all of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    Dialect,
    Double,
    Enum,
    ForeignKey,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what no database can keep, NUL and lone surrogates, by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


class CleanText(TypeDecorator[str]):
    """Text of a model, a task or a file: cleaned on its way in, in filters too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Clean a value that is about to be written or compared."""
        return None if value is None else clean(value)


class Row(DeclarativeBase):
    """What all tables share: types by annotation, names by convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        str: CleanText,
        float: Double,
        bytes: LargeBinary,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda members: [member.value for member in members],
        ),
    }


Id = Annotated[int, mapped_column(primary_key=True)]
Position = Annotated[int, mapped_column(primary_key=True)]
OfAuction = Annotated[str, mapped_column(ForeignKey("auctions.id", ondelete="CASCADE"), index=True)]
OneOfAuction = Annotated[
    str, mapped_column(ForeignKey("auctions.id", ondelete="CASCADE"), primary_key=True)
]
OfOutcome = Annotated[
    int, mapped_column(ForeignKey("outcomes.id", ondelete="CASCADE"), primary_key=True)
]
OfJuror = Annotated[
    int, mapped_column(ForeignKey("jurors.id", ondelete="CASCADE"), primary_key=True)
]
