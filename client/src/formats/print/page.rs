//! Where lines go: words are measured and wrapped, and pages begin anew.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};

/// A font with what it takes to measure text.
pub(super) struct Face {
    pub(super) font: Font,
    reference: skrifa::FontRef<'static>,
    units: f32,
}

impl Face {
    /// A font that is part of the program.
    pub(super) fn new(bytes: &'static [u8]) -> Option<Self> {
        let font = Font::new(bytes.to_vec().into(), 0)?;
        let reference = skrifa::FontRef::new(bytes).ok()?;
        let units = font.units_per_em();
        Some(Self { font, reference, units })
    }

    /// The glyphs of a line. A character that the font does not have is a box, as everywhere; its text stays selectable.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let (map, metrics) = (self.reference.charmap(), self.metrics());
        text.char_indices()
            .map(|(at, c)| {
                let glyph = map.map(c).unwrap_or_default();
                let advance = metrics.advance_width(glyph).unwrap_or_default() / self.units;
                KrillaGlyph::new(
                    GlyphId::new(glyph.to_u32()),
                    advance,
                    0.0,
                    0.0,
                    0.0,
                    at..at + c.len_utf8(),
                    None,
                )
            })
            .collect()
    }

    /// Width of a text in points.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let (map, metrics) = (self.reference.charmap(), self.metrics());
        let advance = |c| metrics.advance_width(map.map(c).unwrap_or_default()).unwrap_or_default();
        text.chars().map(advance).sum::<f32>() / self.units * size
    }

    fn metrics(&self) -> skrifa::metrics::GlyphMetrics<'static> {
        self.reference.glyph_metrics(Size::unscaled(), LocationRef::default())
    }

    /// Lines no wider than that: broken between words, and inside a word only if it is wider than a line.
    pub(super) fn wrapped(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(&longer, size) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                for c in word.chars() {
                    line.push(c);
                    if self.width(&line, size) > width && line.chars().count() > 1 {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, c.to_string()));
                    }
                }
            }
            lines.push(line);
        }
        lines
    }
}
