"""Tags: which a picture has, derived from what engines found and what people said, and kept so."""
