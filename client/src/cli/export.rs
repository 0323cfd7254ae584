//! `causeway export`: one case, or all of them, as a file for somebody who has no Causeway.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::{Failure, exit};
use super::home::Home;
use super::outfile;
use super::output::{print, text};
use super::steps::find_thread;
use crate::casebook::Case;
use crate::formats::{self, Exported, Finding, public_part};

/// What a file is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The fields of the referral and what was done, JSON.
    Json,
    /// PFIF 1.4 for public registries of missing people: XML, or CSV if the file is called so.
    Pfif,
    /// CAP 1.2, the alert without its people.
    Cap,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pfif => "pfif",
            Self::Cap => "cap",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    /// As what.
    #[arg(long)]
    format: Format,
    /// The file. It is written in clear.
    #[arg(long)]
    out: PathBuf,
    /// Only what may be published.
    #[arg(long)]
    public: bool,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
    /// Domain of this organisation, in whose name records get their numbers.
    #[arg(long, default_value = "causeway.invalid", value_parser = domain)]
    domain: String,
}

fn domain(text: &str) -> Result<String, String> {
    const CHARS_MAX: usize = 253;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let right = text.contains('.') && text.len() <= CHARS_MAX && text.bytes().all(plain);
    if right { Ok(text.to_owned()) } else { Err("a domain such as hotline.example.org".to_owned()) }
}

pub(crate) async fn export(args: ExportArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.id)?;
    let mut case = Case::of(&home.engine.vault, thread)?;
    if args.public {
        case.document = public_part(&case.thread.kind, &case.document);
    }
    let bytes = {
        let from = exported(&case, &args.domain, home).await;
        one(&args, &from).map_err(|finding| refused(&finding, home))?
    };
    let what = format!("exported a referral as {}", args.format.name());
    outfile::write(home, &args.out, &bytes, args.force, &what).await?;
    let out = args.out.display().to_string();
    let result = json!({ "out": out, "format": args.format.name(), "bytes": bytes.len(), "exercise": case.is_exercise() });
    print(home.json, result, |v| home.lang.fill("export-done", &[("file", text(v, "out"))]));
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
    }
}

pub(super) fn refused(finding: &Finding, home: &Home) -> Failure {
    let place = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    Failure::new("E-103", exit::REFUSED, format!("{place}{}", finding.wrong(home.lang)), finding.right(home.lang))
}

