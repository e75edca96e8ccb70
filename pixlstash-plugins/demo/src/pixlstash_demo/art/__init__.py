"""The brushes, people and scenes of the demo pictures. Only `embed` imports these: they load Pillow."""
