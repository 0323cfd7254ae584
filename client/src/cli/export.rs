//! `causeway export`: one case, or all of them, as a file for somebody who has no Causeway.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::{Failure, exit};
use super::home::Home;
use super::outfile;
use super::output;
use super::steps::find_thread;
use crate::casebook::Case;
use crate::formats::{self, Exported, Finding, print, public_part, section_part};
use crate::referral::Kind;

pub(crate) mod bundle;
mod tables;

/// What a file is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The fields of the referral and what was done, JSON.
    Json,
    /// PFIF 1.4 for public registries of missing people: XML, or CSV if the file is called so.
    Pfif,
    /// CAP 1.2, the alert without its people.
    Cap,
    /// A table and a second one with labels.
    Csv,
    /// A workbook for Excel.
    Xlsx,
    /// HTCDS 2.0, the case data standard of IOM.
    Htcds,
    /// FHIR R4, Task and ServiceRequest: how far it has come, without names.
    Fhir,
    /// One page for a browser and its printer.
    Html,
    /// Paper, A4.
    Pdf,
    /// An archive for a court: signed bytes, receipts, files and the directory. `causeway verify-bundle` judges it.
    Bundle,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pfif => "pfif",
            Self::Cap => "cap",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Htcds => "htcds",
            Self::Fhir => "fhir",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Bundle => "bundle",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Number of the referral, or the beginning of it.
    #[arg(required_unless_present = "all")]
    id: Option<String>,
    /// All referrals of this home: csv, xlsx or htcds.
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// As what.
    #[arg(long)]
    format: Format,
    /// The file. It is written in clear.
    #[arg(long)]
    out: PathBuf,
    /// Only what may be published.
    #[arg(long)]
    public: bool,
    /// Only these sections, for example HDR,IDN,TRA.
    #[arg(long, value_delimiter = ',', value_name = "SECTIONS")]
    sections: Vec<String>,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long)]
    kind: Option<Kind>,
    /// Begin tables with the mark that Excel needs to recognise UTF-8.
    #[arg(long)]
    bom: bool,
    /// For a bundle: folder with the files that came with the referral; only those that it names are taken.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
    /// Domain of this organisation, in whose name records get their numbers.
    #[arg(long, default_value = "causeway.invalid", value_parser = domain)]
    domain: String,
}

impl ExportArgs {
    /// Whether a section goes out.
    fn keeps(&self, code: &str) -> bool {
        self.sections.is_empty() || self.sections.iter().any(|wanted| wanted.eq_ignore_ascii_case(code))
    }

    /// What goes out of a document.
    fn part(&self, case: &Case) -> serde_json::Map<String, serde_json::Value> {
        let whole =
            if self.public { public_part(&case.thread.kind, &case.document) } else { case.document.clone() };
        match Kind::from_code(&case.thread.kind) {
            Some(kind) if !self.sections.is_empty() => section_part(kind, &whole, |code| self.keeps(code)),
            _ => whole,
        }
    }
}

fn domain(text: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 253;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let right = text.contains('.') && text.len() <= CHARS_MAX && text.bytes().all(plain);
    if right { Ok(text.to_owned()) } else { Err("a domain such as hotline.example.org".to_owned()) }
}

pub(crate) async fn export(args: ExportArgs, home: &Home) -> Result<(), Failure> {
    let mut cases = match &args.id {
        Some(id) => vec![Case::of(&home.engine.vault, find_thread(home, id)?)?],
        None => Case::all(&home.engine.vault)?,
    };
    cases.retain(|case| args.kind.is_none_or(|kind| kind.code() == case.thread.kind));
    for case in &mut cases {
        case.document = args.part(case);
    }
    let files = match (args.format, cases.as_slice()) {
        (Format::Csv | Format::Xlsx | Format::Htcds, _) => tables::files(&args, &cases, home)?,
        (Format::Bundle, [case]) if !args.all => {
            let from = exported(case, &args.domain, home).await;
            vec![(args.out.clone(), bundle::write(&from, args.files.as_deref(), home).await?)]
        }
        (_, [case]) if !args.all => {
            let from = exported(case, &args.domain, home).await;
            vec![(args.out.clone(), one(&args, &from).map_err(|finding| refused(&finding, home))?)]
        }
        _ => {
            return Err(Failure::invalid(
                home.lang.text("export-not-all"),
                home.lang.text("export-not-all-hint"),
            ));
        }
    };
    let what = format!("exported {} referral(s) as {}", cases.len(), args.format.name());
    for (path, bytes) in &files {
        outfile::write(home, path, bytes, args.force, &what).await?;
    }
    let out: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    let result = json!({ "out": out, "format": args.format.name(), "referrals": cases.len() });
    output::print(home.json, result, |_| home.lang.fill("export-done", &[("file", &out.join(", "))]));
    Ok(())
}

async fn exported<'a>(case: &'a Case, domain: &str, home: &Home) -> Exported<'a> {
    let identity = &home.engine.identity;
    Exported {
        case,
        own: identity.org,
        own_name: identity.name.clone(),
        peer_name: home.name_of(case.thread.peer).await,
        now: home.engine.now(),
        domain: domain.to_owned(),
        lang: home.lang,
    }
}

fn one(args: &ExportArgs, from: &Exported<'_>) -> Result<Vec<u8>, Finding> {
    match args.format {
        Format::Json => Ok(formats::json::export(from)),
        Format::Pfif => {
            let pfif = formats::pfif::export(from)?;
            let table = args.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
            Ok(if table { formats::pfif::write_csv(&pfif) } else { formats::pfif::write_xml(&pfif) })
        }
        Format::Cap => formats::cap::export(from),
        Format::Fhir => Ok(formats::fhir::export(from)),
        Format::Html => Ok(print::html::write(&print::sheet(from))),
        Format::Pdf => print::pdf::write(&print::sheet(from)).map_err(|_| Finding::new("formats-pdf", "")),
        // Made above, of more than the fields of one case.
        Format::Csv | Format::Xlsx | Format::Htcds | Format::Bundle => Err(Finding::new("formats-empty", "")),
    }
}

pub(super) fn refused(finding: &Finding, home: &Home) -> Failure {
    let place = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    Failure::new(
        "O-103",
        exit::REFUSED,
        format!("{place}{}", finding.wrong(home.lang)),
        finding.right(home.lang),
    )
}
