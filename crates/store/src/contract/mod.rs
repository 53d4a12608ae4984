//! What both engines promise.
