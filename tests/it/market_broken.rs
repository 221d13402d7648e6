//! Broken recordings: one clear error each, no panic, no memory, nothing half read.
