"""What leaves the machine, and the privacy policy."""
