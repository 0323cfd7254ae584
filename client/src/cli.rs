//! The command line. Results go to standard output, everything else to standard error.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use causeway_common::{crash, process};
use clap::{Args, CommandFactory as _, Parser};

mod again;
mod agreement;
mod alarms;
mod api;
mod attachments;
mod autostart;
pub(crate) mod backup;
mod calls;
mod capacity;
mod checks;
mod colleagues;
mod command;
mod consent;
mod device;
mod directory;
mod doubtful;
pub(crate) mod drafts;
mod enclosed;
mod erase;
mod exhibits;
pub(crate) mod export;
pub mod failure;
mod head;
pub(crate) mod home;
mod hours;
mod import;
pub(crate) mod inbox;
pub(crate) mod joining;
mod kind;
mod linking;
mod log;
mod matches;
mod member;
mod mrz;
pub(crate) mod office;
pub(crate) mod org;
mod outfile;
pub(crate) mod output;
mod overriding;
mod placing;
pub(crate) mod recovery;
mod registers;
pub(crate) mod registrar;
mod relay_key;
mod retention;
mod search;
pub(crate) mod send;
pub(crate) mod serve;
mod shared;
mod sharing;
mod staff;
mod standing;
pub(crate) mod stats;
mod status;
pub(crate) mod steps;
pub(crate) mod tasks;
mod through;
pub(crate) mod turn;
mod typed;
mod unopened;

use crate::lang::Lang;
use crate::preview;
use crate::referral::{Document, Kind};
use command::Command;
use failure::Failure;
use home::Home;

/// After an interrupt, what is being written has this long to come to its end.
const SHUTDOWN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// Sealed referrals between organisations that protect people.
#[derive(Debug, Parser)]
#[command(name = "causeway", version, about)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Folder of this workstation's data.
    #[arg(long, global = true, env = "CAUSEWAY_HOME")]
    home: Option<PathBuf>,
    /// File with the passphrase, for scripts; otherwise you are asked.
    #[arg(long, global = true)]
    passphrase_file: Option<PathBuf>,
    /// Print JSON: one object, or one per line for lists.
    #[arg(long, global = true)]
    json: bool,
    /// Never ask anything.
    #[arg(long, global = true)]
    no_input: bool,

    /// Language of what people read: en or ru; otherwise that of this machine.
    #[arg(long, global = true, env = "CAUSEWAY_LANG")]
    lang: Option<Lang>,
    /// Say more on standard error.
    #[arg(short, long, global = true)]
    verbose: bool,
    /// For tests of power and process failures: end without warning at a named step, the nth time.
    #[arg(long, global = true, hide = true, value_name = "STEP:N", value_parser = crash_at)]
    crash_at: Option<()>,
    /// What somebody has typed on a page instead of at a terminal.
    #[arg(skip)]
    typed: Option<home::Typed>,
}

impl Global {
    /// The same flags for a command of somebody who sits at a page and has typed this: what it says goes to whoever takes it (see
    /// [`output::take`]).
    pub(crate) fn at_a_page(&self, typed: home::Typed, lang: Lang) -> Self {
        Self {
            passphrase_file: None,
            json: true,
            no_input: true,
            lang: Some(lang),
            typed: Some(typed),
            ..self.clone()
        }
    }

    /// Flags of a test.
    #[cfg(test)]
    pub(crate) fn of_test(home: &std::path::Path) -> Self {
        let home = Some(home.to_path_buf());
        let (json, no_input, verbose) = (false, true, false);
        Self {
            home,
            passphrase_file: None,
            json,
            no_input,
            lang: Some(Lang::En),
            verbose,
            crash_at: None,
            typed: None,
        }
    }

    /// The language that was asked for, otherwise that of the machine.
    pub(crate) fn lang(&self) -> Lang {
        let of_machine = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok().filter(|l| !l.is_empty()))
        };
        self.lang.unwrap_or_else(|| Lang::of_locale(&of_machine().unwrap_or_default()))
    }
}

fn crash_at(place: &str) -> Result<(), crash::UnknownPlace> {
    crash::arm(place)
}

/// Runs the program.
pub fn main() -> ExitCode {
    if preview::is_asked() {
        return preview::draw();
    }
    let cli = Cli::parse();
    let level = if cli.global.verbose { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::new(process::log_filter(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let (json, lang) = (cli.global.json, cli.global.lang());
    if let Err(error) = process::keep_to_itself() {
        return failure::report(Failure::internal(error), json, lang);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(Failure::internal(error), json, lang),
    };
    // The pages lock the home before they end.
    let ends_by_itself = matches!(cli.command, Command::Serve(_));
    let acted = runtime.block_on(async {
        tokio::select! {
            acted = act(cli) => acted,
            _ = tokio::signal::ctrl_c(), if !ends_by_itself => Err(Failure::interrupted()),
        }
    });
    // What a thread is still reading or writing is durable or not there: nobody has been told of it yet.
    runtime.shutdown_timeout(SHUTDOWN_PATIENCE);
    match acted {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure::report(failure, json, lang),
    }
}

/// Gives the exit code: that of this program, or of the daemon's in its place.
async fn act(cli: Cli) -> Result<u8, Failure> {
    let global = cli.global;
    match cli.command {
        Command::Lock => through::lock(&global).await,
        Command::Unlock => through::unlock(&global).await,
        Command::Code => through::code(&global).await,
        command if command.needs_home() => match through::command(&global).await? {
            Some(code) => Ok(code),
            None => with_home(command, &Home::unlock(&global).await?).await.map(|()| 0),
        },
        command => without_home(command, &global).await.map(|()| 0),
    }
}

/// Commands that need no home, make one, or have it to themselves.
async fn without_home(command: Command, global: &Global) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => crate::demo::run(args, global.json).await,
        Command::Registrar(command) => {
            through::must_not_be_served(global).await?;
            registrar::begin(command, global).await
        }
        Command::Join(args) => {
            through::must_not_be_served(global).await?;
            member::join(args, global).await
        }
        Command::Autostart(command) => autostart::run(command, global),
        Command::Kind(command) => kind::run(command, global),
        Command::Serve(args) => serve::serve(args, global).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "causeway", &mut script);
            output::emit(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
        Command::Api(api::ApiCommand::Spec) => {
            output::emit(crate::api::spec().trim_end());
            Ok(())
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Failure::internal)?;
            output::emit(String::from_utf8_lossy(&page).trim_end());
            Ok(())
        }
        Command::Directory(directory::DirectoryCommand::Verify(ref args)) if args.file.is_some() => {
            let file = args.file.clone().unwrap_or_default();
            directory::verify_file(&file, args, global.json)
        }
        Command::VerifyBundle(args) => export::bundle::verify(&args, global),
        Command::Backup(command) => {
            if matches!(command, backup::BackupCommand::Restore { .. }) {
                through::must_not_be_served(global).await?;
            }
            backup::without_home(command, global).await
        }
        Command::Recovery(recovery::RecoveryCommand::Restore(args)) => {
            through::must_not_be_served(global).await?;
            recovery::restore::restore(args, global).await
        }
        Command::Recovery(recovery::RecoveryCommand::Combine(shares)) => {
            recovery::split::combine(&shares, global)
        }
        Command::Mrz(args) => mrz::run(&args, global),
        Command::Border(command) => registers::border(command, global),
        Command::Country(command) => registers::country(command, global),
        Command::Language(command) => registers::language(command, global),
        // All others need a home.
        _ => Err(not_here()),
    }
}

/// Runs a command of an unlocked home for somebody who does not sit at a terminal, and gives what it has said.
///
/// # Errors
/// Those of the command; words that are no command of a home are a mistake of the caller.
pub(crate) async fn within(words: &[String], home: &Home) -> (Result<(), Failure>, output::Taken) {
    let all = std::iter::once("causeway").chain(words.iter().map(String::as_str));
    match Cli::try_parse_from(all) {
        Ok(cli) => {
            let _turn = cli.command.takes_turn().then(|| home.turns.wait());
            output::take(Box::pin(with_home(cli.command, home))).await
        }
        Err(error) => (Err(not_a_command(&error)), output::Taken::default()),
    }
}

/// Runs a command of an unlocked home as it was typed at another terminal, for whoever sits there ([`crate::caller`]).
///
/// # Errors
/// Those of the command; words that are no command of a home are a mistake of the caller.
pub(crate) async fn within_for(words: &[OsString], home: &Home) -> Result<(), Failure> {
    let all = std::iter::once("causeway".into()).chain(words.iter().cloned());
    let cli = Cli::try_parse_from(all).map_err(|error| not_a_command(&error))?;
    let _turn = cli.command.takes_turn().then(|| home.turns.wait());
    Box::pin(with_home(cli.command, home)).await
}

/// Does something on a thread of its own: commands read the vault without a pause.
pub(crate) async fn apart<T, F>(doing: impl FnOnce() -> F + Send + 'static) -> Result<T, Failure>
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(doing())).await.map_err(Failure::internal)
}

fn not_a_command(error: &clap::Error) -> Failure {
    typed::not_understood(error)
}

/// A command that is not done in a home that is open already.
fn not_here() -> Failure {
    Failure::wrong("fail-not-in-home", &[])
}

/// A document that somebody has written as an object of JSON.
///
/// # Errors
/// What is wrong with it, in this language.
pub(crate) fn document_of(
    kind: Kind,
    fields: serde_json::Map<String, serde_json::Value>,
    lang: Lang,
) -> Result<Document, Failure> {
    let bytes = serde_json::Value::Object(fields).to_string();
    Document::parse(kind, bytes.as_bytes()).map_err(|problems| kind::refused(&problems, lang))
}

/// Commands that need an unlocked home.
async fn with_home(command: Command, home: &Home) -> Result<(), Failure> {
    use crate::referral::lifecycle::Action;
    match command {
        Command::Status => status::status(home).await,
        Command::Org(command) => org::org(command, home).await,
        Command::Directory(command) => directory::run(command, home).await,
        Command::RelayKey { text } => relay_key::take(home, &text).await,
        Command::Device(command) => device::run(command, home).await,
        Command::Call(command) => calls::run(command, home).await,
        Command::Capacity(command) => capacity::run(command, home).await,
        Command::Send(args) => send::send(args, home).await,
        Command::Api(command) => api::run(command, home).await,
        Command::Agreement(command) => agreement::agreement(command, home).await,
        Command::Consent(command) => consent::consent(command, home).await,
        Command::Sync(args) => member::sync(args, home).await,
        Command::Inbox(command) => inbox::inbox(command, home).await,
        Command::Sent(command) => inbox::sent(command, home).await,
        Command::Matches(command) => matches::run(command, home).await,
        Command::Match(args) => matches::look_up(args, home).await,
        Command::Accept(args) => steps::step(args, Action::Accept, home).await,
        Command::Decline(args) => steps::decline(args, home).await,
        Command::Ask(args) => steps::step(args, Action::Ask, home).await,
        Command::Answer(args) => steps::answer(args, home).await,
        Command::Start(args) => steps::step(args, Action::Start, home).await,
        Command::Hold(args) => steps::hold(args, home).await,
        Command::Resume(args) => steps::step(args, Action::Resume, home).await,
        Command::HandedOver(args) => steps::handover::handed_over(args, home).await,
        Command::Complete(args) => steps::step(args, Action::Complete, home).await,
        Command::Close(args) => steps::step(args, Action::Close, home).await,
        Command::Withdraw(args) => steps::step(args, Action::Withdraw, home).await,
        Command::Erase(args) => erase::run(args, home).await,
        Command::Retention(command) => retention::retention(command, home).await,
        Command::HoldLegal(command) => retention::hold_legal(command, home).await,
        Command::Fail(args) => steps::step(args, Action::Fail, home).await,
        Command::Object(args) => steps::step(args, Action::Object, home).await,
        Command::Reopen(args) => steps::step(args, Action::Reopen, home).await,
        Command::Confirm(args) => steps::step(args, Action::CancelConfirm, home).await,
        Command::Refuse(args) => steps::step(args, Action::CancelRefuse, home).await,
        Command::Correct(args) => steps::step(args, Action::Correction, home).await,
        Command::Error(args) => steps::step(args, Action::Error, home).await,
        Command::Recuse(args) => steps::step(args, Action::Recuse, home).await,
        Command::Reassign(args) => steps::step(args, Action::Reassign, home).await,
        Command::Progress(args) => steps::step(args, Action::Progress, home).await,
        Command::Delay(args) => steps::step(args, Action::DelayNotice, home).await,
        Command::Located(args) => steps::step(args, Action::Located, home).await,
        Command::Note(args) => steps::note(args, home).await,
        Command::Notes(command) => office::notes::run(command, home).await,
        Command::Assign(args) => office::assign::assign(args, home).await,
        Command::Tag(command) => office::tags::run(command, home).await,
        Command::View(command) => office::views::run(command, home).await,
        Command::Roster(command) => office::roster::run(command, home).await,
        Command::Template(command) => office::texts::run(command, home).await,
        Command::Alarm(command) => office::alarm::run(command, home).await,
        Command::Tasks(command) => tasks::run(command, home).await,
        Command::ReferAgain(args) => again::refer_again(args, home).await,
        Command::Escalate { id } => tasks::escalate(&id, home).await,
        Command::Hours(command) => hours::run(command, home).await,
        Command::Staff(command) => staff::run(command, home).await,
        Command::Attachment(command) => attachments::run(command, home).await,
        Command::Export(args) => export::export(args, home).await,
        Command::Import(args) => import::import(args, home).await,
        Command::Drafts(command) => drafts::drafts(command, home).await,
        Command::Backup(backup::BackupCommand::Create { out, keep }) => backup::create(out, keep, home).await,
        Command::Recovery(command) => recovery::run(command, home).await,
        Command::Stats(args) => stats::stats(args, home).await,
        Command::Search(args) => search::search(args, home).await,
        Command::Log(command) => log::run(command, home).await,
        Command::Doctor => status::doctor(home).await,
        Command::Registrar(command) => registrar::run(command, home).await,
        Command::Demo(_)
        | Command::Backup(_)
        | Command::Join(_)
        | Command::Kind(_)
        | Command::Serve(_)
        | Command::Lock
        | Command::Unlock
        | Command::Code
        | Command::Autostart(_)
        | Command::Mrz(_)
        | Command::Border(_)
        | Command::Country(_)
        | Command::Language(_)
        | Command::VerifyBundle(_)
        | Command::Completions { .. }
        | Command::Man => Err(not_here()),
    }
}
