"""Sealed predictions."""

from __future__ import annotations

from forum.store.base import Area, having, made, plain
from forum.store.tables import prediction as predictions
from forum.voting.prediction import Prediction


class SqlPredictions(Area):
    """The database's sealed predictions. The contract is ports.predictions.Predictions."""

    async def prediction_for(self, session: str, *, lock: bool = False) -> Prediction | None:
        """Returns the prediction for a session, None for none."""
        wanted = having(predictions.c.session)
        rows = await self._link.rows(wanted.with_for_update() if lock else wanted, {"session": session})
        return made(rows[0], Prediction) if rows else None

    async def save_prediction(self, prediction: Prediction) -> None:
        """Stores the prediction for its session, in the place of any that there is."""
        await self._link.put(predictions, plain(prediction))
