"""What the code says of itself: pages for a terminal, and the description of the whole model."""
