//! Tales.
