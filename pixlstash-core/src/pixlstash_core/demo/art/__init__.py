"""The brushes, people and scenes of the demo pictures. Only `paint` imports these: they load Pillow."""
