//! One file for a browser and its printer. Everything that people wrote is escaped; there are no scripts, and nothing is fetched.

use std::fmt::Write as _;

use super::Sheet;

/// Nothing may be loaded or run, whatever stands in the text.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:48em;margin:2em auto;padding:0 1em;color:#000;background:#fff}\
h1{font-size:1.5em;margin:0 0 .5em}h2{font-size:1.15em;border-bottom:1px solid #000;margin:1.4em 0 .3em;break-after:avoid}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2em .6em .2em 0;border-bottom:1px solid #ccc}\
th{font-weight:normal;width:35%;color:#333}td{white-space:pre-wrap;overflow-wrap:anywhere}tr{break-inside:avoid}\
.warning{border:2px solid #a00;padding:.4em .7em;margin:.5em 0;font-weight:bold}\
.stamp{position:fixed;top:0;left:0;right:0;text-align:center;font-weight:bold;border:3px solid #000;background:#fff;padding:.2em}\
.stamped{margin-top:4em}footer{margin-top:2em;font-size:.85em}@page{size:A4;margin:20mm 18mm}@media print{body{margin:0;max-width:none}}";

/// Draws a sheet.
pub fn write(sheet: &Sheet) -> Vec<u8> {
    let mut out = String::new();
    let title = escaped(&sheet.title);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n<title>{title}</title>\n<style>{STYLE}</style></head>\n",
        sheet.lang
    );
    match &sheet.stamp {
        // A browser repeats on every page what stands fixed.
        Some(stamp) => {
            let _ = writeln!(out, "<body class=\"stamped\"><div class=\"stamp\">{}</div>", escaped(stamp));
        }
        None => out.push_str("<body>\n"),
    }
    let _ = writeln!(out, "<h1>{title}</h1>");
    for warning in &sheet.warnings {
        let _ = writeln!(out, "<p class=\"warning\">{}</p>", escaped(warning));
    }
    table(&mut out, &sheet.head);
    for (heading, rows) in &sheet.parts {
        let _ = writeln!(out, "<h2>{}</h2>", escaped(heading));
        table(&mut out, rows);
    }
    let _ = writeln!(out, "<footer>{}</footer>\n</body></html>", escaped(&sheet.foot));
    out.into_bytes()
}

fn table(out: &mut String, rows: &[(String, String)]) {
    out.push_str("<table>\n");
    for (label, value) in rows {
        let _ = writeln!(out, "<tr><th>{}</th><td>{}</td></tr>", escaped(label), escaped(value));
    }
    out.push_str("</table>\n");
}

/// Text without the power of markup, and without marks that turn the direction of what follows.
fn escaped(text: &str) -> String {
    let harmless = crate::cli::output::harmless(text);
    quick_xml::escape::escape(harmless.as_str()).into_owned()
}
