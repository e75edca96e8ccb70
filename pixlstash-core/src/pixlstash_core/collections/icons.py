"""The names of the icons of sets, characters and projects; the browser interface draws them."""

from __future__ import annotations

ICONS: tuple[str, ...] = tuple(
    """
    anchor apple archive bag balloon bed bell bicycle bird boat book bottle box bridge briefcase brush building
    butterfly cake camera car castle cat chair chat chess church city clock cloud coffee compass crown cup diamond
    dice dog door dragon dress eye feather film fire fish flag flower forest gem ghost gift globe guitar hat heart
    home horse key lamp leaf lightning map mask medal moon mountain mushroom music palette paw person people plane
    robot rocket shirt skull star sun sword tower tree umbrella wave
    """.split()
)
