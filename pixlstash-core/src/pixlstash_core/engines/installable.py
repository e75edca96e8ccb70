"""The engines of our own plugins, to list those that can be installed. An installed plugin's own data takes precedence.

This module is only data. A test compares it with the plugins.
"""

from __future__ import annotations

from ..types import UninstalledEngine

_WD = ("pixlstash-wd-tagger", 'pip install "pixlstash-wd-tagger[cpu]"')
_FACES = ("pixlstash-faces", 'pip install "pixlstash-faces[cpu]"')
_OCR = ("pixlstash-ocr", 'pip install "pixlstash-ocr[cpu]"')
_LEARNED = ("pixlstash-learned", "pip install pixlstash-learned")
_CLIP = ("pixlstash-clip", "pip install pixlstash-clip")
_JOY = ("pixlstash-joycaption", 'pip install "pixlstash-joycaption[local]"')
# An engine that uses an endpoint needs no torch.
_ASK = ("pixlstash-joycaption", "pip install pixlstash-joycaption")
_RESEARCH = "InsightFace: non-commercial research only"
_LLAMA = "Llama 3.1 Community License (built with Llama)"

#: kind, id, label, size of its weights in bytes (an estimate if the plugin gives none; 0: no weights), license, lane,
#: package
_ROWS = (
    ("tag", "wd-tagger/swinv2-v3", "WD SwinV2 v3", 467_769_446, "Apache-2.0", "gpu", _WD),
    ("tag", "wd-tagger/vit-v3", "WD ViT v3 (small)", 378_844_778, "Apache-2.0", "gpu", _WD),
    ("tag", "wd-tagger/convnext-v3", "WD ConvNeXt v3", 395_299_200, "Apache-2.0", "gpu", _WD),
    ("tag", "wd-tagger/vit-large-v3", "WD ViT Large v3", 1_260_954_141, "Apache-2.0", "gpu", _WD),
    ("tag", "wd-tagger/eva02-large-v3", "WD EVA02 Large v3 (best)", 1_260_744_467, "Apache-2.0", "gpu", _WD),
    ("tag", "joycaption/tags", "JoyCaption tags", 17_000_000_000, _LLAMA, "gpu", _JOY),
    ("tag", "learned/tags", "Your tags", 0, "", "cpu", _LEARNED),
    ("caption", "joycaption/beta-one", "JoyCaption beta one", 17_000_000_000, _LLAMA, "gpu", _JOY),
    ("caption", "joycaption/endpoint", "Captions by an endpoint", 0, "as the endpoint's model says", "net", _ASK),
    ("vector", "clip/siglip2-b-16", "SigLIP2 B/16", 1_535_197_043, "Apache-2.0", "gpu", _CLIP),
    ("vector", "clip/siglip2-b-32", "SigLIP2 B/32 (fast)", 1_550_000_000, "Apache-2.0", "gpu", _CLIP),
    ("vector", "clip/siglip2-so400m", "SigLIP2 SO400M (best)", 4_570_000_000, "Apache-2.0", "gpu", _CLIP),
    ("vector", "clip/vit-b-32", "CLIP B/32 (small)", 605_143_316, "MIT", "gpu", _CLIP),
    ("vector", "clip/vit-l-14", "CLIP L/14", 1_710_517_748, "MIT", "gpu", _CLIP),
    ("vector", "clip/pe-core-l-14", "PE-Core L/14 (accurate)", 2_690_000_000, "Apache-2.0", "gpu", _CLIP),
    ("vector", "clip/mobileclip2-s2", "MobileCLIP2 S2 (very fast)", 398_000_000, "apple-amlr (research only)", "gpu",
     _CLIP),
    ("vector", "clip/any", "CLIP of your choice", 0, "", "gpu", _CLIP),
    ("face", "faces/auraface", "AuraFace", 277_617_978, "Apache-2.0 (its detector comes from InsightFace)", "gpu",
     _FACES),
    ("face", "faces/buffalo-l", "InsightFace buffalo_l", 191_307_687, _RESEARCH, "gpu", _FACES),
    ("face", "faces/antelopev2", "InsightFace antelopev2", 277_589_161, _RESEARCH, "gpu", _FACES),
    ("text", "ocr/ppocr-v6", "PP-OCRv6 small", 0, "Apache-2.0", "gpu", _OCR),
)  # fmt: skip

ENGINES = tuple(
    UninstalledEngine(id, kind, label, license, lane, size, *package)
    for kind, id, label, size, license, lane, package in _ROWS
)
