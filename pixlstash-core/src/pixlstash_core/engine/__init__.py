"""What a plugin author subclasses for `taggers`, `captioners`, `embedders`, `face_extractors`, `detectors` and
`measurers`, and what engines give and are given.

An engine only computes: the host decodes, batches, retries, stores and downloads. Nothing heavy is imported here.
"""

from __future__ import annotations

from .classes import Box as Box
from .classes import Captioner as Captioner
from .classes import Detector as Detector
from .classes import Embedder as Embedder
from .classes import Engine as Engine
from .classes import Face as Face
from .classes import FaceExtractor as FaceExtractor
from .classes import Measurer as Measurer
from .classes import Region as Region
from .classes import Sends as Sends
from .classes import Tag as Tag
from .classes import Tagger as Tagger
from .classes import Vector as Vector
from .classes import WeightFile as WeightFile
from .classes import Weights as Weights
from .classes import fault as fault
from .image import Image as Image
from .image import Pictured as Pictured
from .settings import LOAD as LOAD
from .settings import OUTPUT as OUTPUT
from .settings import RUN as RUN
from .settings import Secret as Secret
from .settings import Touches as Touches
from .settings import form as form
from .settings import plain_params as plain_params
from .settings import read_params as read_params
from .settings import secrets as secrets
from .settings import touches as touches
