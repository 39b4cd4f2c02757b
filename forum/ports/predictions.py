"""Sealed predictions of those who decide, one a session."""

from __future__ import annotations

from typing import Protocol

from forum.voting.prediction import Prediction


class Predictions(Protocol):
    """Sealed predictions."""

    async def prediction_for(self, session: str, *, lock: bool = False) -> Prediction | None:
        """Returns the prediction for a session, None for none; with `lock` nobody else locks or changes it
        meanwhile."""

    async def save_prediction(self, prediction: Prediction) -> None:
        """Stores the prediction for its session, in the place of any that there is."""
