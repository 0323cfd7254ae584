//! Seals, sends, receives, keeps and shows.
