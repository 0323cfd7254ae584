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
use crate::consents;
use crate::formats::{self, Exported, Finding, may_be_published, print, public_part, section_part};
use crate::referral::Kind;
use crate::referral::sections::{HDR, IDN};

pub(crate) mod bundle;
mod tables;

/// Referrals of one export by number: a page of a list.
pub(crate) const EXPORTED_MAX: usize = 50;
/// Standard output.
const OUT: &str = "-";

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
    /// Number of the referral, or the beginning of it; several as JSON, each on a line.
    #[arg(required_unless_present = "all", num_args = 1..=EXPORTED_MAX)]
    id: Vec<String>,
    /// All referrals of this home: csv, xlsx or htcds.
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// As what.
    #[arg(long)]
    format: Format,
    /// The file. It is written in clear. JSON may go to standard output: -
    #[arg(long)]
    out: PathBuf,
    /// Only what may be published, and only of those who have agreed to it.
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

    /// Whether less than the whole case goes out.
    fn is_part(&self) -> bool {
        self.public || !self.sections.is_empty()
    }

    /// Leaves of a case what goes out. What was written with its steps belongs to no section, and goes with the whole only.
    fn cut(&self, case: &mut Case) {
        // A register's record is made of named fields, and asks for the consent itself.
        if !self.is_part() || self.format == Format::Pfif {
            return;
        }
        if self.public {
            case.document = public_part(&case.document);
        }
        if let Some(kind) = Kind::from_code(&case.thread.kind).filter(|_| !self.sections.is_empty()) {
            case.document = section_part(kind, &case.document, |code| self.keeps(code));
        }
        case.steps.clear();
        case.thread.events.clear();
    }
}

fn domain(text: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 253;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let right = text.contains('.') && text.len() <= CHARS_MAX && text.bytes().all(plain);
    if right { Ok(text.to_owned()) } else { Err("a domain such as hotline.example.org".to_owned()) }
}

pub(crate) async fn export(args: ExportArgs, home: &Home) -> Result<(), Failure> {
    let read = |id: &String| Ok(Case::of_at(&home.engine.vault, find_thread(home, id)?, home.engine.now())?);
    let mut cases = match args.id.as_slice() {
        [] => Case::all_at(&home.engine.vault, home.engine.now())?,
        ids => ids.iter().map(read).collect::<Result<Vec<_>, Failure>>()?,
    };
    cases.retain(|case| args.kind.is_none_or(|kind| kind.code() == case.thread.kind));
    if args.format == Format::Bundle && args.is_part() {
        return Err(Failure::invalid(
            home.lang.text("export-bundle-whole"),
            home.lang.text("export-bundle-whole-hint"),
        ));
    }
    // A register of missing people is public.
    if args.public || args.format == Format::Pfif {
        publishable(&mut cases, home)?;
    }
    cases.iter_mut().for_each(|case| args.cut(case));
    let files = match (args.format, cases.as_slice()) {
        (Format::Csv | Format::Xlsx | Format::Htcds, _) => tables::files(&args, &cases, home)?,
        (Format::Bundle, [case]) if !args.all => {
            let from = exported(case, &args, home).await;
            vec![(args.out.clone(), bundle::write(&from, args.files.as_deref(), home).await?)]
        }
        (Format::Json, several) if args.id.len() > 1 => {
            let mut lines = Vec::new();
            for case in several {
                lines.extend(formats::json::export_line(&exported(case, &args, home).await));
            }
            vec![(args.out.clone(), lines)]
        }
        (_, [case]) if !args.all => {
            let from = exported(case, &args, home).await;
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
    if args.format == Format::Json && args.out.as_os_str() == OUT {
        // The log first: what cannot be entered does not go out.
        home.note(&what).await?;
        files.iter().for_each(|(_, bytes)| output::emit(String::from_utf8_lossy(bytes).trim_end()));
        return Ok(());
    }
    for (path, bytes) in &files {
        outfile::write(home, path, bytes, args.force, &what).await?;
    }
    let out: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    let result = json!({ "out": out, "format": args.format.name(), "referrals": cases.len() });
    output::print(home.json, result, |_| home.lang.fill("export-done", &[("file", &out.join(", "))]));
    Ok(())
}

/// Leaves the cases that may be published. If there is none, it says why.
fn publishable(cases: &mut Vec<Case>, home: &Home) -> Result<(), Failure> {
    let mut why = None;
    for case in std::mem::take(cases) {
        match published(&case, home)? {
            Ok(()) => cases.push(case),
            Err(finding) => why = Some(finding),
        }
    }
    match why.filter(|_| cases.is_empty()) {
        Some(finding) => Err(refused(&finding, home)),
        None => Ok(()),
    }
}

/// Whether a case may be published: what its document says counts, and what was withdrawn since.
fn published(case: &Case, home: &Home) -> Result<Result<(), Finding>, Failure> {
    let Some(kind) = Kind::from_code(&case.thread.kind) else {
        return Ok(Err(Finding::new("formats-not-public", "publication")));
    };
    let ended = consents::ended(&home.engine.vault, consents::consent_ref(&case.document))?;
    let withdrawn = consents::withdrawals_of(case).iter().any(|withdrawal| {
        let about = |section: &String| section == "HDR" || section == "IDN";
        withdrawal.sections.is_empty() || withdrawal.sections.iter().any(about)
    });
    if withdrawn || ended.iter().any(|section| [HDR, IDN].contains(section)) {
        return Ok(Err(Finding::new("formats-no-consent", "consent.withdrawn")));
    }
    Ok(may_be_published(kind, &case.document, home.engine.now()))
}

async fn exported<'a>(case: &'a Case, args: &ExportArgs, home: &Home) -> Exported<'a> {
    let identity = &home.engine.identity;
    Exported {
        case,
        own: identity.org,
        own_name: identity.name.clone(),
        peer_name: home.name_of(case.thread.peer).await,
        now: home.engine.now(),
        domain: args.domain.clone(),
        lang: home.lang,
        public: args.public,
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
