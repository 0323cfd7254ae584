//! `causeway refer-again`: a referral that brought no help goes to somebody else (row 26 of the transition table).

use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use clap::Args;

use super::failure::{Failure, exit};
use super::home::Home;
use super::overriding::OverrideArgs;
use super::send::{self, SendArgs};
use super::steps::find_thread;
use crate::casebook::Case;
use crate::engine::threads::state_of;
use crate::escalation::{fallback, tasks, tasks::Task};
use crate::model::Thread;
use crate::referral::lifecycle::{Action, Origin, Party, ROWS};
use crate::referral::{Document, Kind, labels, once_more};
use crate::vault::Changes;

/// Tasks that are done with the new referral.
const SETTLED: [&str; 2] = ["recipient", "next-shelter"];

#[derive(Debug, Args)]
pub(crate) struct AgainArgs {
    /// Number of the referral that was declined, failed or reached nobody, or the beginning of it.
    id: String,
    /// Who gets it now: names or identifiers, separated by commas.
    #[arg(long, required = true, value_delimiter = ',')]
    to: Vec<String>,
    /// One field that is different now, for example where=RU-SVO.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// A file to send along, in the section whose readers may open it. Files of the first referral do not go along by themselves.
    #[arg(long = "attach", value_name = "SECTION=FILE")]
    attach: Vec<String>,
    /// P0, P1, P2 or P3; otherwise as before, and one higher if it was given back after it had been accepted.
    #[arg(long)]
    priority: Option<Priority>,
    /// Only say what is wrong; nothing is queued.
    #[arg(long)]
    check: bool,
    /// Show who will see what and why, and send nothing.
    #[arg(long)]
    preview: bool,
    /// Send without asking whether that is what you mean.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    overriding: OverrideArgs,
}

pub(crate) async fn refer_again(args: AgainArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.id)?;
    let vault = &home.engine.vault;
    if !is_possible(&thread) {
        return Err(too_early(&thread, home));
    }
    let unknown = || Failure::internal("the kind of this referral is unknown to this version");
    let kind = Kind::from_code(&thread.kind).ok_or_else(unknown)?;
    let case = Case::of(vault, thread)?;
    let begun = once_more(kind, &case.document);
    let priority = args.priority.or_else(|| Some(raised(&case.thread)));
    let send = SendArgs {
        kind,
        to: args.to,
        file: None,
        set: args.set,
        attach: args.attach,
        priority,
        exercise: false,
        check: args.check,
        preview: args.preview,
        yes: args.yes,
        overriding: args.overriding,
        from: None,
        begun: Some(begun),
        instead_of: Some(Box::new(case.thread)),
        draft: None,
        kept: Vec::new(),
        once: None,
    };
    send::send(send, home).await
}

fn too_early(thread: &Thread, home: &Home) -> Failure {
    let state = labels::code_of(home.lang, "state", state_of(thread).as_str());
    let kind = Kind::from_code(&thread.kind).map_or_else(|| "KIND".to_owned(), |kind| kind.to_string());
    let gaps = [("kind", kind.as_str()), ("id", &thread.root.to_string()[..12])];
    let message = home.lang.fill("again-not-yet", &[("state", &state)]);
    Failure::new("L-115", exit::REFUSED, message, home.lang.fill("again-not-yet-hint", &gaps))
}

/// Whether the table lets a referral of ours go to somebody else from where it is.
fn is_possible(thread: &Thread) -> bool {
    let rows = || ROWS.iter().filter(|row| row.action == Action::ReRefer && row.by == Party::Sender);
    let from = |origin: Origin| origin.contains(state_of(thread));
    thread.ours && rows().any(|row| from(row.from))
}

/// Who had promised to come, and does not, has cost time that somebody else has to make good.
fn raised(thread: &Thread) -> Priority {
    let given_back = |word: &str| word == Action::DeclineLate.as_str();
    if !thread.events.iter().any(|event| given_back(&event.what) && !event.conflict) {
        return thread.priority;
    }
    match thread.priority {
        Priority::P0 | Priority::P1 => Priority::P0,
        Priority::P2 => Priority::P1,
        Priority::P3 => Priority::P2,
    }
}

/// Says in the new referral which one it takes the place of, and with which packet it all began.
pub(super) fn name(document: &mut Document, earlier: &Thread, home: &Home) -> Result<(), Failure> {
    let case = Case::of(&home.engine.vault, earlier.clone())?;
    let first = fallback::first_packet(earlier, case.document.get("root_packet"));
    document.fields.insert("supersedes".into(), earlier.root.to_string().into());
    document.fields.insert("root_packet".into(), first.into());
    Ok(())
}

/// The new referral is what the tasks about the old one ask for.
pub(super) fn settle(
    changes: &mut Changes,
    earlier: &Thread,
    packet: PacketId,
    home: &Home,
) -> Result<(), Failure> {
    let now = home.engine.now();
    let is_settled =
        |task: &Task| task.is_open() && task.case == earlier.case && SETTLED.contains(&task.code.as_str());
    for task in tasks::all(&home.engine.vault)?.into_iter().filter(is_settled) {
        let number = packet.to_string();
        let outcome = home.lang.fill("again-outcome", &[("number", &number[..12])]);
        tasks::put(changes, &Task { done: now, outcome, ..task });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use causeway_common::time::Timestamp;

    use super::*;
    use crate::model::Event;
    use crate::referral::lifecycle::WorkState;

    fn thread(work: WorkState, priority: Priority) -> Thread {
        Thread {
            case: [1; 32],
            root: PacketId([2; 32]),
            kind: "BIA".into(),
            peer: causeway_common::ids::OrgId([3; 32]),
            ours: true,
            priority,
            begun: Timestamp(1),
            respond_by: Timestamp(2),
            work: work.as_str().into(),
            events: Vec::new(),
            waiting: Vec::new(),
        }
    }

    #[test]
    fn only_what_brought_no_help_goes_to_somebody_else_and_only_from_its_sender() {
        for state in WorkState::ALL {
            let ends = matches!(state, WorkState::Declined | WorkState::Failed | WorkState::Expired);
            assert_eq!(is_possible(&thread(*state, Priority::P1)), ends, "{}", state.as_str());
        }
        let theirs = Thread { ours: false, ..thread(WorkState::Declined, Priority::P1) };
        assert!(!is_possible(&theirs));
    }

    #[test]
    fn what_was_given_back_late_is_more_urgent_than_before() {
        let mut late = thread(WorkState::Declined, Priority::P2);
        assert_eq!(raised(&late), Priority::P2, "declined at once");
        late.events.push(Event {
            at: Timestamp(3),
            by: late.peer,
            what: Action::DeclineLate.as_str().into(),
            state: "declined".into(),
            text: String::new(),
            packet: PacketId([4; 32]),
            after: late.root,
            conflict: false,
            author: String::new(),
            taken_back: false,
        });
        assert_eq!(raised(&late), Priority::P1);
        late.priority = Priority::P0;
        assert_eq!(raised(&late), Priority::P0);
    }
}
