//! A sheet as PDF, A4. The font is part of the program and has Latin, Cyrillic and Greek letters; what is used of it goes into the
//! file, so it looks the same everywhere and its text can be selected and searched.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;

use super::Sheet;
use super::page::Face;

/// DejaVu Sans; its licence, which stands beside it, allows to embed it.
const REGULAR: &[u8] = include_bytes!("../../../assets/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/DejaVuSans-Bold.ttf");

/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 50.0;
const TEXT: f32 = 9.5;
const HEADING: f32 = 12.0;
const TITLE: f32 = 17.0;
const SMALL: f32 = 8.0;
/// Of the font's size.
const LINE: f32 = 1.35;
/// Width of the labels.
const LABELS: f32 = 165.0;
const GAP: f32 = 10.0;
/// Lines end above the foot.
const BOTTOM: f32 = PAGE.1 - MARGIN - 12.0;
/// Pages; a document of the largest size has some hundreds.
const PAGES_MAX: usize = 2_000;

/// A piece of text at its place.
struct Piece {
    x: f32,
    y: f32,
    size: f32,
    bold: bool,
    text: String,
}

/// Why there is no PDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the PDF could not be written")]
pub struct NotDrawn;

/// Draws a sheet.
pub fn write(sheet: &Sheet) -> Result<Vec<u8>, NotDrawn> {
    let faces = (Face::new(REGULAR).ok_or(NotDrawn)?, Face::new(BOLD).ok_or(NotDrawn)?);
    let mut layout = Layout { faces, pages: vec![Vec::new()], y: 0.0, stamped: sheet.stamp.is_some() };
    layout.begin();
    layout.whole(&sheet.title, TITLE, true);
    for warning in &sheet.warnings {
        layout.whole(&format!("! {warning}"), TEXT, true);
    }
    layout.y += GAP;
    layout.rows(&sheet.head);
    for (heading, rows) in &sheet.parts {
        layout.heading(heading);
        layout.rows(rows);
    }
    layout.draw(sheet)
}

struct Layout {
    faces: (Face, Face),
    pages: Vec<Vec<Piece>>,
    y: f32,
    stamped: bool,
}

impl Layout {
    fn face(&self, bold: bool) -> &Face {
        if bold { &self.faces.1 } else { &self.faces.0 }
    }

    fn begin(&mut self) {
        self.y = if self.stamped { MARGIN + HEADING * 2.0 } else { MARGIN };
    }

    /// A new page if so much does not fit on this one.
    fn make_room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.pages.len() < PAGES_MAX {
            self.pages.push(Vec::new());
            self.begin();
        }
    }

    fn put(&mut self, x: f32, y: f32, size: f32, bold: bool, text: String) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Piece { x, y, size, bold, text });
        }
    }

    /// Text over the whole width.
    fn whole(&mut self, text: &str, size: f32, bold: bool) {
        let text = harmless(text);
        for line in self.face(bold).wrapped(&text, size, PAGE.0 - 2.0 * MARGIN) {
            self.make_room(size * LINE);
            self.y += size * LINE;
            self.put(MARGIN, self.y, size, bold, line);
        }
    }

    /// A heading stays with the first of its rows.
    fn heading(&mut self, text: &str) {
        self.make_room(HEADING * LINE * 2.0 + TEXT * LINE * 2.0);
        self.y += HEADING;
        self.whole(text, HEADING, true);
        self.y += 2.0;
    }

    fn rows(&mut self, rows: &[(String, String)]) {
        for (label, value) in rows {
            let labels = self.faces.0.wrapped(&harmless(label), TEXT, LABELS - GAP);
            let values = self.faces.1.wrapped(&harmless(value), TEXT, PAGE.0 - 2.0 * MARGIN - LABELS);
            for n in 0..labels.len().max(values.len()) {
                self.make_room(TEXT * LINE);
                self.y += TEXT * LINE;
                let y = self.y;
                for (x, bold, lines) in [(MARGIN, false, &labels), (MARGIN + LABELS, true, &values)] {
                    if let Some(line) = lines.get(n).filter(|line| !line.is_empty()) {
                        self.put(x, y, TEXT, bold, line.clone());
                    }
                }
            }
            self.y += 2.0;
        }
    }

    fn draw(self, sheet: &Sheet) -> Result<Vec<u8>, NotDrawn> {
        let mut document = Document::new();
        document.set_metadata(Metadata::new().language(sheet.lang.to_owned()));
        let count = self.pages.len();
        for (number, pieces) in (1usize..).zip(&self.pages) {
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(NotDrawn)?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for piece in pieces {
                self.piece(&mut surface, piece, rgb::Color::black());
            }
            for piece in self.frame(sheet, number, count) {
                let red = if piece.bold { rgb::Color::new(170, 0, 0) } else { rgb::Color::black() };
                self.piece(&mut surface, &piece, red);
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|_| NotDrawn)
    }

    /// What stands on every page: its number, whose paper it is, and whether it was invented.
    fn frame(&self, sheet: &Sheet, number: usize, count: usize) -> Vec<Piece> {
        let foot = PAGE.1 - MARGIN + 10.0;
        let numbers = format!("{number} / {count}");
        let right = PAGE.0 - MARGIN - self.faces.0.width(&numbers, SMALL);
        let mut pieces = vec![
            Piece { x: right, y: foot, size: SMALL, bold: false, text: numbers },
            Piece { x: MARGIN, y: foot, size: SMALL, bold: false, text: sheet.foot.clone() },
        ];
        if let Some(stamp) = &sheet.stamp {
            let x = (PAGE.0 - self.faces.1.width(stamp, HEADING)) / 2.0;
            pieces.push(Piece { x, y: MARGIN, size: HEADING, bold: true, text: stamp.clone() });
        }
        pieces
    }

    fn piece(&self, surface: &mut Surface<'_>, piece: &Piece, colour: rgb::Color) {
        surface.set_fill(Some(Fill {
            paint: colour.into(),
            opacity: NormalizedF32::ONE,
            rule: Default::default(),
        }));
        let face = self.face(piece.bold);
        let glyphs = face.glyphs(&piece.text);
        surface.draw_glyphs(
            Point::from_xy(piece.x, piece.y),
            &glyphs,
            face.font.clone(),
            &piece.text,
            piece.size,
            false,
        );
    }
}

fn harmless(text: &str) -> String {
    crate::cli::output::harmless(text)
}
