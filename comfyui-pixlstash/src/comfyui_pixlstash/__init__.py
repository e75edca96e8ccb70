"""ComfyUI nodes for PixlStash libraries."""
