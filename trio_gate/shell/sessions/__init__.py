"""Virtual sessions on disk, so that they outlive a restart."""
