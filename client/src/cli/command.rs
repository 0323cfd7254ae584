//! Everything that can be typed after the name of the program, and what each of it needs.

use clap::Subcommand;

use super::{
    again, agreement, api, attachments, autostart, backup, calls, capacity, consent, device, directory,
    drafts, erase, export, hours, import, inbox, kind, log, matches, member, mrz, office, org, recovery,
    registers, registrar, retention, search, send, serve, staff, stats, steps, tasks,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Play the whole job on this machine with real processes and invented people.
    Demo(crate::demo::DemoArgs),
    /// Admit organisations.
    #[command(subcommand)]
    Registrar(registrar::RegistrarCommand),
    /// Become a member with an invite, or one more workstation of a member with a colleague's code.
    Join(member::JoinArgs),
    /// How this workstation stands.
    Status,
    /// Organisations in the directory.
    #[command(subcommand)]
    Org(org::OrgCommand),
    /// The whole directory: for auditors, and evidence against a relay.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    /// Reach the relay again after it has got a new key, with the text that the registrar or a colleague has given you.
    RelayKey {
        /// The text, all of it.
        text: String,
    },
    /// Devices of this organisation.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// What the kinds of referrals may hold, and what is wrong with a file.
    #[command(subcommand)]
    Kind(kind::KindCommand),
    /// Calls that a hotline takes.
    #[command(subcommand)]
    Call(calls::CallCommand),
    /// A shelter's beds: what is free, what is held for whom, and what partners have.
    #[command(subcommand)]
    Capacity(capacity::CapacityCommand),
    /// Write a referral and put it into the outbox.
    Send(send::SendArgs),
    /// What is agreed with an organisation: it gets nothing beside that.
    #[command(subcommand)]
    Agreement(agreement::AgreementCommand),
    /// What people have agreed to, and what becomes of it.
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// Programs of this machine: what they may do, and what is brought to them.
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// Open the staff's pages for the browser of this machine, keep the connection, watch deadlines.
    Serve(serve::ServeArgs),
    /// Lock the home that `causeway serve` has opened: its keys are wiped.
    Lock,
    /// Open the home of `causeway serve` with its passphrase.
    Unlock,
    /// Another address and code for a browser, from `causeway serve`.
    Code,
    /// Start `causeway serve` when you log in.
    #[command(subcommand)]
    Autostart(autostart::AutostartCommand),
    /// Send what waits, fetch what is there.
    Sync(member::SyncArgs),
    /// Referrals of others.
    #[command(subcommand)]
    Inbox(inbox::InboxCommand),
    /// Referrals of this organisation.
    #[command(subcommand)]
    Sent(inbox::SentCommand),
    /// Cases that may be about the same person.
    #[command(subcommand)]
    Matches(matches::MatchesCommand),
    /// Compare a document with your cases; it is neither sent nor kept.
    Match(matches::MatchArgs),
    /// Take a referral on.
    Accept(steps::StepArgs),
    /// Do not take a referral on.
    Decline(steps::StepArgs),
    /// Ask the sender something.
    Ask(steps::StepArgs),
    /// Answer a question, an identity check, or a request for beds.
    Answer(steps::AnswerArgs),
    /// Begin to work on a referral.
    Start(steps::StepArgs),
    /// Let a referral wait.
    Hold(steps::HoldArgs),
    /// Go on with a referral that waited.
    Resume(steps::StepArgs),
    /// Say that the person or thing has changed hands.
    HandedOver(steps::handover::HandoverArgs),
    /// Say that it is done.
    Complete(steps::StepArgs),
    /// Say that it did not succeed.
    Fail(steps::StepArgs),
    /// Agree that it is done.
    Close(steps::StepArgs),
    /// Object to its being done, within 14 days.
    Object(steps::StepArgs),
    /// Work on a closed referral once more; for a supervisor.
    Reopen(steps::StepArgs),
    /// Take a referral back.
    Withdraw(steps::StepArgs),
    /// Erase referrals for good, and answer the other side that asks for it.
    Erase(erase::EraseArgs),
    /// What is kept how long.
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Keep a referral for a court or an authority.
    #[command(subcommand)]
    HoldLegal(retention::HoldLegalCommand),
    /// Agree that the sender takes a referral back.
    Confirm(steps::StepArgs),
    /// Do not give a referral back.
    Refuse(steps::StepArgs),
    /// Say that something in a referral was wrong, and what is right.
    Correct(steps::StepArgs),
    /// Say that a referral should never have been sent: recipients erase it. For a supervisor.
    Error(steps::StepArgs),
    /// Step back from a referral because of a conflict of interest.
    Recuse(steps::StepArgs),
    /// Give a referral to another member of the staff; for a supervisor.
    Reassign(steps::StepArgs),
    /// Report progress.
    Progress(steps::StepArgs),
    /// Announce that it takes longer. Counts once.
    Delay(steps::StepArgs),
    /// Say that the person has been found.
    Located(steps::StepArgs),
    /// Say something to the other side that changes no state: safe, deceased and others.
    Note(steps::NoteArgs),
    /// Notes about a referral that only your organisation sees.
    #[command(subcommand)]
    Notes(office::notes::NotesCommand),
    /// Say who of the staff has a referral. Only your organisation sees it.
    Assign(office::assign::AssignArgs),
    /// Words by which your organisation finds its referrals again. Only your organisation sees them.
    #[command(subcommand)]
    Tag(office::tags::TagCommand),
    /// Views of lists that this workstation keeps under a name.
    #[command(subcommand)]
    View(office::views::ViewCommand),
    /// Who is on duty, and what one shift tells the next.
    #[command(subcommand)]
    Roster(office::roster::RosterCommand),
    /// Texts that your organisation uses again.
    #[command(subcommand)]
    Template(office::texts::TemplateCommand),
    /// The alarm of this workstation's pages.
    #[command(subcommand)]
    Alarm(office::alarm::AlarmCommand),
    /// What has to be done because somebody has not answered, and what came of it.
    #[command(subcommand)]
    Tasks(tasks::TasksCommand),
    /// Send a referral that was declined, failed or reached nobody to somebody else.
    ReferAgain(again::AgainArgs),
    /// Send a referral that nobody answers to the next organisation on its fallback list.
    Escalate {
        /// Number of the referral, or the beginning of it.
        id: String,
    },
    /// When this organisation works.
    #[command(subcommand)]
    Hours(hours::HoursCommand),
    /// Numbers and roles of the people who work here.
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Files that came with referrals.
    #[command(subcommand)]
    Attachment(attachments::AttachmentCommand),
    /// Write a referral into a file for somebody who has no Causeway. The file is in clear.
    Export(export::ExportArgs),
    /// Judge the archive of a case that somebody has exported as a bundle. Needs no home.
    VerifyBundle(export::bundle::VerifyArgs),
    /// Make drafts from a file of another system.
    Import(import::ImportArgs),
    /// Referrals that were imported and not sent.
    #[command(subcommand)]
    Drafts(drafts::DraftsCommand),
    /// Make, check and restore backups of this home.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// The organisation's root keys on paper, and what is done with them.
    #[command(subcommand)]
    Recovery(recovery::RecoveryCommand),
    /// Find referrals by what stands in them.
    Search(search::SearchArgs),
    /// Count cases without naming anybody: the tables of whole months. Small numbers stay hidden.
    Stats(stats::StatsArgs),
    /// Read the lines at the bottom of a passport, card or visa, and check their digits. Nothing is kept.
    Mrz(mrz::MrzArgs),
    /// Border points.
    #[command(subcommand)]
    Border(registers::BorderCommand),
    /// Countries and their codes.
    #[command(subcommand)]
    Country(registers::CountryCommand),
    /// Languages and their codes.
    #[command(subcommand)]
    Language(registers::LanguageCommand),
    /// What was done on this workstation.
    #[command(subcommand)]
    Log(log::LogCommand),
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

impl Command {
    /// Whether it is done in a home that is there.
    pub(super) fn needs_home(&self) -> bool {
        match self {
            Self::Registrar(command) => !command.makes_home(),
            Self::Directory(directory::DirectoryCommand::Verify(args)) => args.file.is_none(),
            Self::Backup(command) => matches!(command, backup::BackupCommand::Create { .. }),
            Self::Recovery(command) => !matches!(
                command,
                recovery::RecoveryCommand::Restore(_) | recovery::RecoveryCommand::Combine(_)
            ),
            Self::Api(command) => !matches!(command, api::ApiCommand::Spec),
            Self::Demo(_)
            | Self::Join(_)
            | Self::Kind(_)
            | Self::Serve(_)
            | Self::Lock
            | Self::Unlock
            | Self::Code
            | Self::Autostart(_)
            | Self::Mrz(_)
            | Self::Border(_)
            | Self::Country(_)
            | Self::Language(_)
            | Self::VerifyBundle(_)
            | Self::Completions { .. }
            | Self::Man => false,
            _ => true,
        }
    }

    /// Whether what it writes here follows from what it has read here. Those that wait for the relay write what that has
    /// answered, and the engine has turns of its own for it; those that look write nothing that depends on anything.
    pub(super) fn takes_turn(&self) -> bool {
        match self {
            Self::Registrar(_)
            | Self::Status
            | Self::Directory(_)
            | Self::RelayKey { .. }
            | Self::Device(_)
            | Self::Sync(_)
            | Self::Sent(_)
            | Self::Search(_)
            | Self::Stats(_)
            | Self::Log(_)
            | Self::Doctor
            | Self::Export(_)
            | Self::Attachment(_)
            | Self::Backup(_)
            | Self::Recovery(_) => false,
            Self::Inbox(command) => command.decides(),
            _ => self.needs_home(),
        }
    }
}
