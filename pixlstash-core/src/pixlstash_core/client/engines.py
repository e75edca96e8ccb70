"""Engines, and what is found by their results."""

from __future__ import annotations

from ..types import (
    AllowHost,
    Done,
    EngineDetail,
    EngineError,
    EngineInfo,
    FetchWeights,
    FindSimilar,
    Job,
    Rehearsal,
    RehearseEngine,
    RunEngine,
    SetEngine,
    SimilarFound,
    UninstalledEngine,
)
from .channel import Channel


class Engines(Channel):
    def engines(self) -> list[EngineInfo]:
        return self._get("/engines", list[EngineInfo])

    def uninstalled_engines(self) -> list[UninstalledEngine]:
        return self._get("/engines/uninstalled", list[UninstalledEngine])

    def engine(self, id: str) -> EngineDetail:
        return self._get("/engines/named", EngineDetail, {"id": id})

    def run_engine(self, ask: RunEngine) -> Job:
        return self._post("/engines/run", Job, ask)

    def rehearse_engine(self, ask: RehearseEngine) -> Job:
        return self._post("/engines/rehearse", Job, ask)

    def rehearsal(self, id: int) -> Rehearsal:
        return self._get(f"/engines/rehearsals/{id}", Rehearsal)

    def set_engine(self, ask: SetEngine) -> EngineInfo:
        return self._post("/engines/settings", EngineInfo, ask)

    def allow_host(self, ask: AllowHost) -> EngineDetail:
        return self._post("/engines/allow", EngineDetail, ask)

    def fetch_weights(self, ask: FetchWeights) -> Job:
        return self._post("/engines/fetch", Job, ask)

    def similar(self, ask: FindSimilar) -> SimilarFound:
        return self._post("/pictures/similar", SimilarFound, ask)

    def job_errors(self, id: int) -> list[EngineError]:
        return self._get(f"/jobs/{id}/errors", list[EngineError])

    def retry_job(self, id: int) -> Job:
        return self._post(f"/jobs/{id}/retry", Job)

    def revert_job(self, id: int) -> Done:
        return self._post(f"/jobs/{id}/revert", Done)
