//! A workbook: a sheet for each kind, then the same with labels. Every cell is text, so nothing in it is ever calculated.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::csv::Table;

/// Characters that a cell can hold; the limit of the program is 32,767.
const CELL_CHARS_MAX: usize = 32_000;

/// Writes the tables, each under its name.
pub fn write(sheets: &[(String, Table)]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same tables make the same file, and the file does not tell when somebody worked.
    let properties = DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    book.set_properties(&properties);
    for (name, table) in sheets {
        let sheet = book.add_worksheet().set_name(name)?;
        for (row, line) in (0u32..).zip(std::iter::once(&table.header).chain(&table.lines)) {
            for (column, cell) in (0u16..).zip(line) {
                if !cell.is_empty() {
                    let text: String = cell.chars().take(CELL_CHARS_MAX).collect();
                    sheet.write_string(row, column, text)?;
                }
            }
        }
        sheet.set_freeze_panes(1, 0)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn cells_are_text_and_never_formulas() {
        let cells = |line: &[&str]| line.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let table = Table {
            header: cells(&["a", "b"]),
            lines: vec![cells(&["=1+1", "12"]), cells(&["Юлия", "+7"])],
        };
        let bytes = write(&[("MPR".into(), table.clone())]).unwrap();
        assert_eq!(bytes, write(&[("MPR".into(), table)]).unwrap());
        let mut book = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut sheet = String::new();
        book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        assert!(!sheet.contains("<f>") && sheet.matches("t=\"s\"").count() == 6, "{sheet}");
    }
}
