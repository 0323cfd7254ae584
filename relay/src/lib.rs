//! Stores and forwards what it cannot read.
