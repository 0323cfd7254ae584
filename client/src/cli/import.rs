//! `causeway import`: records of others become drafts. Nothing is ever sent by itself.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::org;
use super::output::{emit, harmless, print_list, text};
use crate::activity;
use crate::caller;
use crate::formats::drafts::{self, Draft};
use crate::formats::limits::FILE_BYTES_MAX;
use crate::formats::{Finding, Row, cap, csv, fhir, htcds, json as json_file, pfif, table};
use crate::vault::Changes;

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Documents of Causeway: one, an exported case, or one on each line.
    Json,
    /// PFIF 1.4: XML, or CSV if the file is called so.
    Pfif,
    /// A CAP 1.2 alert.
    Cap,
    /// FHIR R4: a Bundle, a ServiceRequest or a Task.
    Fhir,
    /// A table whose first line has paths, as `causeway export` writes it.
    Csv,
    /// HTCDS 2.0, a table of cases.
    Htcds,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pfif => "pfif",
            Self::Cap => "cap",
            Self::Fhir => "fhir",
            Self::Csv => "csv",
            Self::Htcds => "htcds",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file.
    file: PathBuf,
    /// As what.
    #[arg(long)]
    format: Format,
    /// Keep what can be read as drafts. Without it, you only see what would come of it.
    #[arg(long)]
    draft: bool,
    /// Whom the drafts are meant for. They are not sent.
    #[arg(long, value_name = "ORG")]
    to: Option<String>,
    /// Keep the good records although others of the file are refused.
    #[arg(long)]
    partly: bool,
}

pub(crate) async fn import(args: ImportArgs, home: &Home) -> Result<(), Failure> {
    let to = match &args.to {
        Some(meant) => org::find(home, meant).await?.to_string(),
        None => String::new(),
    };
    let bytes = read(&args.file, home)?;
    let rows = rows(args.format, &args.file, &bytes).map_err(|finding| {
        Failure::new("O-104", exit::INVALID, finding.wrong(home.lang), finding.right(home.lang))
    })?;
    let mut report: Vec<Line> = Vec::new();
    for row in rows {
        report.push(Line::of(row, args.format.name(), &to, home)?);
    }
    let refused = report.iter().filter(|line| line.draft.is_none()).count();
    let keeps = args.draft && (refused == 0 || args.partly);
    if keeps {
        keep(&report, args.format.name(), home).await?;
    }
    print_list(home.json, report.iter().map(|line| line.to_json(keeps, home)).collect(), "", |v| {
        for_people(v, home)
    });
    if !home.json {
        emit(&summary(&report, keeps, home));
    }
    // Nothing of the file can be used: whoever runs this from a script has to see it.
    let useless = !report.is_empty() && refused == report.len();
    if (args.draft && !keeps) || useless {
        let count = home.lang.count("import-refused", refused);
        return Err(Failure::new("O-105", exit::INVALID, count, home.lang.text("import-refused-hint")));
    }
    Ok(())
}

/// A record, and what becomes of it here.
struct Line {
    row: Row,
    draft: Option<Draft>,
    /// `new`, `same`, `changed` or `sent`.
    known: &'static str,
}

impl Line {
    fn of(row: Row, format: &str, to: &str, home: &Home) -> Result<Self, Failure> {
        let now = home.engine.now();
        let draft = row.document.as_ref().map(|document| Draft::new(document, format, &row.key, now, to));
        let there = match &draft {
            Some(draft) => drafts::draft(&home.engine.vault, &draft.id)?,
            None => None,
        };
        let known = match (&there, &draft) {
            (Some(there), _) if there.is_sent() => "sent",
            (Some(there), Some(draft)) if there.digest == draft.digest => "same",
            (Some(_), _) => "changed",
            _ => "new",
        };
        Ok(Self { row, draft, known })
    }

    fn to_json(&self, kept: bool, home: &Home) -> Value {
        json!({
            "row": self.row.number,
            "key": self.row.key,
            "state": self.row.state(),
            "known": self.draft.as_ref().map(|_| self.known),
            "draft": self.draft.as_ref().filter(|_| kept).map(Draft::number),
            "kind": self.draft.as_ref().map(|draft| &draft.kind),
            "findings": self.row.findings.iter().map(|f| f.to_json(home.lang)).collect::<Vec<_>>(),
        })
    }
}

/// All drafts in one step: after a power cut there are all of them or none. What is there already stays as it is: somebody may
/// have worked on it.
async fn keep(report: &[Line], format: &str, home: &Home) -> Result<(), Failure> {
    let mut changes = Changes::default();
    let mut count = 0;
    for draft in report.iter().filter(|line| line.known == "new").filter_map(|line| line.draft.as_ref()) {
        drafts::put(&mut changes, draft);
        count += 1;
    }
    let what = format!("imported {count} drafts from {format}");
    activity::append(&home.engine.vault, &mut changes, home.engine.now(), &what, None)?;
    Ok(home.engine.commit(changes).await?)
}

fn rows(format: Format, path: &Path, bytes: &[u8]) -> Result<Vec<Row>, Finding> {
    match format {
        Format::Json => json_file::rows(bytes),
        Format::Pfif => {
            let table = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
            let pfif = if table { pfif::read_csv(bytes)? } else { pfif::read_xml(bytes)? };
            Ok(pfif::rows(&pfif))
        }
        Format::Cap => cap::rows(bytes),
        Format::Fhir => fhir::rows(bytes),
        Format::Csv => table::rows(&csv::read(bytes)?),
        Format::Htcds => htcds::rows(&csv::read(bytes)?),
    }
}

fn read(path: &Path, home: &Home) -> Result<Vec<u8>, Failure> {
    caller::read(path, FILE_BYTES_MAX + 1).map(|bytes| bytes.to_vec()).map_err(|error| {
        let gaps = [("file", path.display().to_string()), ("error", error.to_string())];
        let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Failure::invalid(home.lang.fill("import-unreadable", &gaps), home.lang.text("import-unreadable-hint"))
    })
}

fn for_people(v: &Value, home: &Home) -> String {
    let state = home.lang.text(&format!("import-state-{}", text(v, "state")));
    let known =
        v["known"].as_str().map_or_else(String::new, |word| home.lang.text(&format!("import-known-{word}")));
    let mut lines =
        vec![format!("{}  {state}  {}  {known}", v["row"], harmless(text(v, "key"))).trim_end().to_owned()];
    for finding in v["findings"].as_array().into_iter().flatten() {
        let place = finding["path"]
            .as_str()
            .filter(|path| !path.is_empty())
            .map_or_else(String::new, |path| format!("{path}: "));
        lines.push(format!(
            "    {}{} {}",
            harmless(&place),
            harmless(text(finding, "wrong")),
            harmless(text(finding, "right"))
        ));
    }
    lines.join("\n")
}

fn summary(report: &[Line], kept: bool, home: &Home) -> String {
    let count = |wanted: &str| report.iter().filter(|line| line.row.state() == wanted).count().to_string();
    let known = report.iter().filter(|line| line.draft.is_some() && line.known != "new").count().to_string();
    let gaps =
        [("ok", count("ok")), ("warning", count("warning")), ("refused", count("refused")), ("known", known)];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let end = home.lang.text(if kept { "import-kept" } else { "import-not-kept" });
    format!("{}\n{end}", home.lang.fill("import-summary", &gaps))
}
