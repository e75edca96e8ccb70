"""Turns the explanation of a match into sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..query.language import Ask, parse
from ..query.scope import sees
from ..query.sorting import Explained
from ..types import FaceInfo, Reader, Reason, Why

#: Names of the places of words, for users.
PLACES = {"name": "name, title or keywords", "caption": "caption", "prompt": "prompt", "tag": "tags", "text": "text"}


class Reasons:
    """The reasons for one picture and one reader. `engine`: whose results were compared; `faces(reader, ids)`.

    `snippet(picture, words)`: the part of the text in a picture that has these words.
    """

    def __init__(
        self,
        reader: Reader,
        picture: int,
        engine: str,
        faces: Callable[[Reader, Sequence[int]], dict[int, FaceInfo]],
        snippet: Callable[[int, str], str] = lambda picture, words: "",
    ) -> None:
        self._reader, self._picture, self._engine, self._faces = reader, picture, engine, faces
        self._snippet = snippet

    def of(self, explained: Explained) -> Why:
        reasons = [
            *(self._word(word, place) for word, place in explained.words),
            *(self._condition(text) for text in explained.conditions),
            *(self._fit(fit) for fit in explained.fits),
        ]
        return Why(self._picture, explained.matches, reasons, explained.notes)

    def _word(self, word: str, place: str) -> Reason:
        snippet = self._snippet(self._picture, word) if place == "text" else ""
        shown = f": {snippet}" if snippet else ""
        return Reason("words", f"“{word}” is in its {PLACES[place]}{shown}", word, place, snippet=snippet)

    def _condition(self, text: str) -> Reason:
        ask = next(iter(parse(text).asks()), None) if text.startswith("text:") else None
        snippet = self._snippet(self._picture, ask.value) if isinstance(ask, Ask) else ""
        shown = f": {snippet}" if snippet else ""
        return Reason("condition", f"It meets {text}{shown}", text, "text" if snippet else "", snippet=snippet)

    def _fit(self, fit: Any) -> Reason:
        score, likeness = round(fit.score, 6), round(fit.likeness, 4)
        share = f"{fit.likeness:.0%}"
        if fit.face is not None:
            return self._face(fit, score, likeness)
        if fit.part.source == "words":
            sentence = f"What it shows is {share} like “{fit.part.value}”, says {self._engine}"
            return Reason("meaning", sentence, fit.part.value, engine=self._engine, score=score, likeness=likeness)
        like = fit.like if fit.like is not None and sees(self._reader, fit.like) else None
        near = f", most like picture {like}" if like is not None and fit.part.source != "picture" else ""
        what = "the picture sent" if fit.part.source == "upload" else f"{fit.part}"
        sentence = f"It is {share} like {what}{near}, says {self._engine}"
        return Reason(
            "likeness", sentence, str(fit.part), engine=self._engine, score=score, likeness=likeness, picture=like
        )

    def _face(self, fit: Any, score: float, likeness: float) -> Reason:
        infos = self._faces(self._reader, [face for face in (fit.face, fit.like) if face is not None])
        like = infos.get(fit.like) if fit.like is not None else None
        seen = like is not None and sees(self._reader, like.picture)
        where = f" in picture {like.picture}" if like is not None and seen else ""
        return Reason(
            "face",
            f"A face in it is {fit.likeness:.0%} like {fit.part}{where}, says {self._engine}",
            str(fit.part),
            engine=self._engine,
            score=score,
            likeness=likeness,
            picture=like.picture if like is not None and seen else None,
            face=infos.get(fit.face),
            like=fit.like if seen else None,
        )
