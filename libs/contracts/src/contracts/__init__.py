"""The published events of the platform: what one service may know of another."""
