//! Registers of our own: countries, languages, border points. They are data files in `client/data`, easy to correct.

pub mod borders;
pub mod countries;
mod find;
pub mod languages;

/// Longest text that is looked up.
pub const QUERY_CHARS_MAX: usize = 200;

/// The rows of a data file without its heading. A row that cannot be read is left out; the tests see to it that there is none.
pub(crate) fn rows<const N: usize>(data: &'static str) -> impl Iterator<Item = [String; N]> {
    let reader = csv::Reader::from_reader(data.as_bytes());
    reader.into_records().filter_map(|row| {
        let fields: Vec<String> = row.ok()?.iter().map(str::to_owned).collect();
        fields.try_into().ok()
    })
}

/// Rows of a data file as they stand in it.
#[cfg(test)]
pub(crate) fn lines(data: &str) -> usize {
    data.lines().skip(1).filter(|line| !line.trim().is_empty()).count()
}
