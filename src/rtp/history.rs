//! What was sent in the last second, so that it can be sent again.
