//! How much of a foreign file is read. Whoever sends more does not mean a file that a desk can go through.

/// Longest file. Ten thousand reports of 1.6 KiB.
pub const FILE_BYTES_MAX: u64 = 16 << 20;
/// Deepest nesting of elements; the deepest file of PFIF, CAP or FHIR has eight.
pub const DEPTH_MAX: usize = 16;
/// Elements in one file: ten thousand reports with twenty filled fields each.
pub const ELEMENTS_MAX: usize = 200_000;
/// Characters of one value: the longest text that a document may hold.
pub const VALUE_CHARS_MAX: usize = 32_000;
/// Records in one file: more drafts than that nobody reads through.
pub const ROWS_MAX: usize = 10_000;
/// Columns of a table; the widest kind has some hundreds of paths.
pub const COLUMNS_MAX: usize = 2_000;
