//! Tables as text (RFC 4180): UTF-8, a first line with names, lines that end in CR LF, and nothing that a spreadsheet would
//! run as a formula.

use super::finding::Finding;
use super::limits::{COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, VALUE_CHARS_MAX};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A table.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a table has nothing else")]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Lines, each as long as the header.
    pub lines: Vec<Vec<String>>,
}
no_content_in_debug!(Table);

/// How a table is written.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by the command line and the pages")]
pub struct Style {
    /// Between the cells. Excel in Russian and German expects `;`.
    pub separator: u8,
    /// Whether a mark that Excel needs to recognise UTF-8 comes first.
    pub bom: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { separator: b',', bom: false }
    }
}

/// A cell that no spreadsheet takes for a formula: an apostrophe comes before what one begins with. Nor does one that parts cells
/// where this file does not: after each of their separators a cell could begin.
pub fn guarded(cell: &str) -> String {
    let (mut out, mut begins) = (String::with_capacity(cell.len()), true);
    for (at, c) in cell.char_indices() {
        if begins && tempts(&cell[at..]) {
            out.push('\'');
        }
        out.push(c);
        begins = next_begins(c, begins);
    }
    out
}

/// A cell without those apostrophes.
fn unguarded(cell: &str) -> String {
    let (mut out, mut begins) = (String::with_capacity(cell.len()), true);
    let mut rest = cell.chars();
    while let Some(mut c) = rest.next() {
        if begins && c == '\'' && tempts(rest.as_str()) {
            // What follows was there before, whatever it is.
            c = rest.next().unwrap_or(c);
        }
        out.push(c);
        begins = next_begins(c, begins);
    }
    out
}

/// Whether a cell can begin after this character, in a program that parts cells by it.
fn next_begins(c: char, begins: bool) -> bool {
    matches!(c, ',' | ';' | '\t' | '\r' | '\n') || (begins && matches!(c, ' ' | '"'))
}

/// Whether a cell begins like a formula, whatever apostrophes come before: one more of them can be taken away again.
fn tempts(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Writes a table.
pub fn write(table: &Table, style: Style) -> Vec<u8> {
    let out = if style.bom { BOM.to_vec() } else { Vec::new() };
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder
        .quote_style(csv::QuoteStyle::Always)
        .delimiter(style.separator)
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(out);
    for line in std::iter::once(&table.header).chain(&table.lines) {
        // Into memory: there is nothing to fail.
        let _ = writer.write_record(line.iter().map(|cell| guarded(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

/// Reads a table; the separator is the one that the first line has most of.
pub fn read(bytes: &[u8]) -> Result<Table, Finding> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Finding::new("formats-too-large", "").with("max", FILE_BYTES_MAX >> 20));
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Finding::new("formats-not-utf8", ""))?;
    let first = text.lines().next().unwrap_or_default();
    let most = |byte: &u8| first.bytes().filter(|b| b == byte).count();
    let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(most).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes);
    let mut table = Table::default();
    for (number, record) in (1usize..).zip(reader.records()) {
        let record = record.map_err(|error| Finding::new("formats-not-csv", "").with("what", error))?;
        let line: Vec<String> = record.iter().map(unguarded).collect();
        if number > ROWS_MAX + 1 {
            return Err(Finding::new("formats-too-many", "").with("max", ROWS_MAX));
        }
        if line.len() > COLUMNS_MAX {
            return Err(Finding::new("formats-too-many-columns", "").with("max", COLUMNS_MAX));
        }
        if line.iter().any(|cell| cell.len() > VALUE_CHARS_MAX * 4) {
            return Err(
                Finding::new("formats-too-long", format!("line {number}")).with("max", VALUE_CHARS_MAX)
            );
        }
        match number {
            1 => table.header = line.iter().map(|name| name.trim().to_owned()).collect(),
            _ if line.len() > table.header.len() => {
                return Err(Finding::new("formats-ragged", format!("line {number}"))
                    .with("columns", table.header.len()));
            }
            _ => table.lines.push({
                let mut line = line;
                line.resize(table.header.len(), String::new());
                line
            }),
        }
    }
    match table
        .header
        .iter()
        .enumerate()
        .find(|(n, name)| !name.is_empty() && table.header[..*n].contains(name))
    {
        Some((_, name)) => Err(Finding::new("formats-column-twice", "").with("column", name)),
        None if table.header.is_empty() => Err(Finding::new("formats-empty", "")),
        None => Ok(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[&[&str]]) -> Table {
        let own = |line: &&[&str]| line.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        Table { header: own(&cells[0]), lines: cells[1..].iter().map(own).collect() }
    }

    #[test]
    fn a_table_comes_back_and_holds_no_formula() {
        let cells = table(&[
            &["a", "b"],
            &["=1+1", "-3"],
            &["+7495", "@x"],
            &["\tx", "\rx"],
            &["'=1", "''+2"],
            &["it's; \"q\",\n", "Юлия"],
            &["x;=1+1", "x, \"=1"],
            &["x\t@y;'=2", "x;a=1"],
        ]);
        for separator in [b',', b';'] {
            let bytes = write(&cells, Style { separator, bom: separator == b';' });
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(
                text.contains("'=1+1")
                    && text.contains("'-3")
                    && text.contains("'+7495")
                    && text.contains("'@x")
                    && text.contains("\"x;'=1+1\"")
                    && text.contains("\"x;a=1\"")
            );
            assert!(!text.contains(";=") && !text.contains("\t@"));
            assert!(text.contains("\r\n") && text.starts_with('\u{feff}') == (separator == b';'));
            assert!(read(&bytes).unwrap() == cells);
        }
    }

    #[test]
    fn what_is_no_table_is_refused_by_name() {
        let code = |bytes: &[u8]| read(bytes).unwrap_err().code();
        assert_eq!(code(b"a\xff"), "formats-not-utf8");
        assert_eq!(code(b""), "formats-empty");
        assert_eq!(code(b"a,b,a\n"), "formats-column-twice");
        assert_eq!(code(b"a,b\n1,2,3\n"), "formats-ragged");
        assert_eq!(code("a,".repeat(COLUMNS_MAX + 1).as_bytes()), "formats-too-many-columns");
        assert_eq!(code("a\n".repeat(ROWS_MAX + 2).as_bytes()), "formats-too-many");
    }
}
