//! Reading and writing XML. A reader of foreign files has no use for declarations of entities: they are refused, so neither
//! a file that unfolds to gigabytes nor one that names a file of this machine does anything.

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

use super::finding::Finding;
use super::limits::{DEPTH_MAX, ELEMENTS_MAX, FILE_BYTES_MAX, VALUE_CHARS_MAX};

/// An element with its namespace, its text without the ends, and its children.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

impl Node {
    /// Children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Text of the first child of a name, if it says anything.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.children.iter().filter(|c| c.name == name).map(|c| c.text.as_str()).find(|text| !text.is_empty())
    }
}

/// The root element of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Node, Finding> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Finding::new("formats-too-large", "").with("max", FILE_BYTES_MAX >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Finding::new("formats-not-utf8", ""))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Node> = Vec::new();
    let mut count = 0;
    loop {
        let broken = |error: &dyn std::fmt::Display| Finding::new("formats-not-xml", "").with("what", error);
        let (namespace, event) = match reader.read_resolved_event() {
            Ok((ResolveResult::Bound(ns), event)) => (ns.into_inner().to_string(), event),
            Ok((_, event)) => (String::new(), event),
            Err(error) => return Err(broken(&error)),
        };
        match event {
            Event::Start(start) => {
                count += 1;
                if open.len() == DEPTH_MAX {
                    return Err(Finding::new("formats-too-deep", "").with("max", DEPTH_MAX));
                }
                if count > ELEMENTS_MAX {
                    return Err(Finding::new("formats-too-many", "").with("max", ELEMENTS_MAX));
                }
                let name = start.local_name().into_inner().to_string();
                open.push(Node { namespace, name, ..Node::default() });
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err(broken(&"</")) };
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(text) => say(&mut open, &text.xml10_content())?,
            Event::CData(text) => say(&mut open, &text.xml10_content())?,
            Event::GeneralRef(name) => {
                let one = match name.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => quick_xml::escape::resolve_predefined_entity(&name)
                        .ok_or_else(|| Finding::new("formats-entity", "").with("name", &*name))?
                        .to_owned(),
                };
                say(&mut open, &one)?;
            }
            Event::DocType(_) => return Err(Finding::new("formats-doctype", "")),
            Event::Eof => return Err(broken(&"</")),
            _ => {}
        }
    }
}

fn say(open: &mut [Node], text: &str) -> Result<(), Finding> {
    let Some(node) = open.last_mut() else { return Ok(()) };
    // Other software writes them none the less; what stands around them is worth more than a refusal.
    node.text.extend(text.chars().filter(is_xml));
    // Four bytes at most for each character.
    if node.text.len() > VALUE_CHARS_MAX * 4 {
        return Err(Finding::new("formats-too-long", node.name.clone()).with("max", VALUE_CHARS_MAX));
    }
    Ok(())
}

/// Text for an XML file: escaped, and without the characters that XML 1.0 does not have.
pub(super) fn escaped(text: &str) -> String {
    let plain: String = text.chars().filter(is_xml).collect();
    quick_xml::escape::escape(&plain).into_owned()
}

/// Whether XML 1.0 has a character (section 2.2), but for the carriage return, which no reader gives back as it was.
fn is_xml(c: &char) -> bool {
    matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes elements one after another, indented.
#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    open: Vec<String>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Opens an element; `attributes` are written as they are.
    pub(super) fn open(&mut self, name: &str, attributes: &str) {
        let gap = if attributes.is_empty() { "" } else { " " };
        self.line(&format!("<{name}{gap}{attributes}>"));
        self.open.push(name.to_owned());
    }

    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.line(&format!("</{name}>"));
        }
    }

    /// An element with nothing but text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.line(&format!("<{name}>{}</{name}>", escaped(text)));
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.into_bytes()
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(&"  ".repeat(self.open.len()));
        self.out.push_str(text);
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        read(text.as_bytes()).map(|node| node.name).unwrap_err().code()
    }

    #[test]
    fn entities_depth_and_size_are_bounded() {
        let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><a>&b;</a>";
        assert_eq!(code(laughs), "formats-doctype");
        assert_eq!(code("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"), "formats-doctype");
        assert_eq!(code("<a>&b;</a>"), "formats-entity");
        assert_eq!(code(&"<a>".repeat(DEPTH_MAX + 1)), "formats-too-deep");
        assert_eq!(code(&format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX))), "formats-too-many");
        assert_eq!(code(&format!("<a>{}</a>", "x".repeat(VALUE_CHARS_MAX * 4 + 1))), "formats-too-long");
        assert_eq!(read(b"<a>\xff</a>").unwrap_err().code(), "formats-not-utf8");
        for broken in ["", "<a>", "<a></b>", "a", "<a", "</a>", "<a x=1/>"] {
            let _ = read(broken.as_bytes());
        }
        assert_eq!(code("<a>"), "formats-not-xml");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::new();
        writer.open("x:a", "xmlns:x=\"urn:x\"");
        writer.text("x:b", "1 < 2 & \"3\"\nЮлия\u{1}");
        let node = read(&writer.finish()).unwrap();
        assert_eq!((node.namespace.as_str(), node.name.as_str()), ("urn:x", "a"));
        assert_eq!(node.first("b"), Some("1 < 2 & \"3\"\nЮлия"));
        assert_eq!(read(b"<a>&#x41;&amp;<![CDATA[<]]></a>").unwrap().text, "A&<");
        let nul = read(b"<a>+7 4\x0095&#13;&#1;</a>").unwrap();
        assert_eq!(nul.text, "+7 495", "what cannot be written again is not taken in");
    }
}
