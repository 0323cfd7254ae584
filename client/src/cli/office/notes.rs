//! `causeway notes add` and `causeway notes list`: notes that the other side never sees.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::{harmless, harmless_under, print, print_list, text, time};
use super::super::steps::find_thread;
use super::{TextArgs, author, keep, new_key};
use crate::lang::Lang;
use crate::model::Thread;
use crate::office::notes::{self, Note, Readers};
use crate::staff;

#[derive(Debug, Subcommand)]
pub(crate) enum NotesCommand {
    /// Write a note about a referral. The other organisation never sees it; colleagues do, unless it is for you alone.
    Add(AddArgs),
    /// The notes of a referral that are here.
    List {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    #[command(flatten)]
    text: TextArgs,
    /// Who reads it: every workstation of your organisation, or this one alone.
    #[arg(long, value_enum, default_value = "org")]
    visible: Visible,
    /// Your number; otherwise that of whoever sits here.
    #[arg(long, value_name = "NO")]
    staff: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Visible {
    /// Every workstation of your organisation.
    Org,
    /// This workstation.
    Me,
}

pub(crate) async fn run(command: NotesCommand, home: &Home) -> Result<(), Failure> {
    match command {
        NotesCommand::Add(args) => add(args, home).await,
        NotesCommand::List { id } => {
            let values = values(&find_thread(home, &id)?, home)?;
            print_list(home.json, values, &home.lang.text("notes-none"), |v| line(v, home.lang));
            Ok(())
        }
    }
}

async fn add(args: AddArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.id)?;
    let readers = match args.visible {
        Visible::Org => Readers::Organisation,
        Visible::Me => Readers::Me,
    };
    let by = author(home, args.staff.as_deref())?;
    let text = args.text.read()?;
    let draft = notes::draft(thread.case, readers, &new_key(home).await, &by, &text);
    keep(home, draft, Some(thread.root), "wrote a note about a referral").await?;
    print(home.json, json!({ "referral": thread.root.to_string(), "visible": readers.word() }), |_| {
        home.lang.text(match readers {
            Readers::Organisation => "note-kept-org",
            Readers::Me => "note-kept-me",
        })
    });
    Ok(())
}

/// The notes of a referral, for whoever shows it.
pub(crate) fn values(thread: &Thread, home: &Home) -> Result<Vec<Value>, Failure> {
    let me = staff::me(&home.engine.vault)?;
    let value = |note: Note| {
        json!({
            "at": time(note.entry.at),
            "visible": note.readers.word(),
            "by": note.entry.who(),
            "mine": me.as_ref().is_some_and(|me| *me == note.entry.by),
            "workstation": note.entry.desk,
            "text": note.text,
        })
    };
    Ok(notes::of_case(&home.engine.vault, thread.case)?.into_iter().map(value).collect())
}

/// Who reads a note, in words.
pub(crate) fn label(visible: &str, lang: Lang) -> String {
    lang.text(if visible == Readers::Me.word() { "note-label-me" } else { "note-label-org" })
}

fn line(v: &Value, lang: Lang) -> String {
    let label = label(text(v, "visible"), lang);
    let who = harmless(text(v, "by"));
    format!("  {}  [{label}] {who}: {}", text(v, "at"), harmless_under(text(v, "text"), "        | "))
}

/// All of them below a referral; nothing if there are none.
pub(crate) fn words(notes: &Value, lang: Lang) -> String {
    let lines: Vec<String> = notes.as_array().into_iter().flatten().map(|note| line(note, lang)).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}\n", lang.text("notes-head"), lines.join("\n"))
}
