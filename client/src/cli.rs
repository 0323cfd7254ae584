//! The command line. Results go to standard output, everything else to standard error.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

mod attachments;
pub mod failure;
mod home;
mod inbox;
mod member;
mod org;
mod output;
mod registrar;
mod send;
mod status;
mod steps;

use failure::Failure;
use home::Home;

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
    /// Say more on standard error.
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the whole job on this machine with real processes and invented people.
    Demo(crate::demo::DemoArgs),
    /// Admit organisations.
    #[command(subcommand)]
    Registrar(registrar::RegistrarCommand),
    /// Become a member with an invite.
    Join(member::JoinArgs),
    /// How this workstation stands.
    Status,
    /// Organisations in the directory.
    #[command(subcommand)]
    Org(org::OrgCommand),
    /// Devices of this organisation.
    #[command(subcommand)]
    Device(org::DeviceCommand),
    /// Write a referral and put it into the outbox.
    Send(send::SendArgs),
    /// Send what waits, fetch what is there.
    Sync(member::SyncArgs),
    /// Referrals of others.
    #[command(subcommand)]
    Inbox(inbox::InboxCommand),
    /// Referrals of this organisation.
    #[command(subcommand)]
    Sent(inbox::SentCommand),
    /// Take a referral on.
    Accept(steps::StepArgs),
    /// Do not take a referral on.
    Decline(steps::StepArgs),
    /// Ask the sender something.
    Ask(steps::StepArgs),
    /// Answer a question, or an identity check.
    Answer(steps::AnswerArgs),
    /// Begin to work on a referral.
    Start(steps::StepArgs),
    /// Let a referral wait.
    Hold(steps::StepArgs),
    /// Go on with a referral that waited.
    Resume(steps::StepArgs),
    /// Say that the person or thing has changed hands.
    HandedOver(steps::StepArgs),
    /// Say that it is done.
    Complete(steps::StepArgs),
    /// Agree that it is done.
    Close(steps::StepArgs),
    /// Take a referral back.
    Withdraw(steps::StepArgs),
    /// Files that came with referrals.
    #[command(subcommand)]
    Attachment(attachments::AttachmentCommand),
    /// Check this workstation's data.
    Doctor,
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = if cli.global.verbose { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("CAUSEWAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let json = cli.global.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&Failure::internal(error), json),
    };
    match runtime.block_on(act(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure::report(&failure, json),
    }
}

async fn act(cli: Cli) -> Result<(), Failure> {
    let global = cli.global;
    match cli.command {
        Command::Demo(args) => crate::demo::run(args, global.json).await,
        Command::Registrar(command) => registrar::run(command, &global).await,
        Command::Join(args) => member::join(args, &global).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "causeway", &mut std::io::stdout());
            Ok(())
        }
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout()).map_err(Failure::internal)
        }
        other => with_home(other, &Home::unlock(&global).await?).await,
    }
}

/// Commands that need an unlocked home.
async fn with_home(command: Command, home: &Home) -> Result<(), Failure> {
    use crate::referral::lifecycle::Action;
    match command {
        Command::Status => status::status(home).await,
        Command::Org(command) => org::org(command, home).await,
        Command::Device(command) => org::device(command, home).await,
        Command::Send(args) => send::send(args, home).await,
        Command::Sync(args) => member::sync(args, home).await,
        Command::Inbox(command) => inbox::inbox(command, home).await,
        Command::Sent(command) => inbox::sent(command, home).await,
        Command::Accept(args) => steps::step(args, Action::Accept, home).await,
        Command::Decline(args) => steps::step(args, Action::Decline, home).await,
        Command::Ask(args) => steps::step(args, Action::Ask, home).await,
        Command::Answer(args) => steps::answer(args, home).await,
        Command::Start(args) => steps::step(args, Action::Start, home).await,
        Command::Hold(args) => steps::step(args, Action::Hold, home).await,
        Command::Resume(args) => steps::step(args, Action::Resume, home).await,
        Command::HandedOver(args) => steps::step(args, Action::HandedOver, home).await,
        Command::Complete(args) => steps::step(args, Action::Complete, home).await,
        Command::Close(args) => steps::step(args, Action::Close, home).await,
        Command::Withdraw(args) => steps::step(args, Action::Withdraw, home).await,
        Command::Attachment(command) => attachments::run(command, home).await,
        Command::Doctor => status::doctor(home),
        Command::Demo(_)
        | Command::Registrar(_)
        | Command::Join(_)
        | Command::Completions { .. }
        | Command::Man => Ok(()),
    }
}
