"""ComfyUI loads this folder from `custom_nodes`. The nodes are in `src/comfyui_pixlstash`."""

from __future__ import annotations

from .src.comfyui_pixlstash import schema as _schema

WEB_DIRECTORY = "./web"

# ComfyUI ignores the entry point of a package that has mappings too, so only one of them is defined.
if _schema.V3:
    from .src.comfyui_pixlstash.extension import comfy_entrypoint

    __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
else:
    from .src.comfyui_pixlstash.extension import mappings as _mappings

    NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = _mappings()
    __all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY"]
