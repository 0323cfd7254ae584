//! The transition table: 31 rows as the dictionary numbers them, and the notes that an update can carry beside them.

use super::{Action, Party, WorkState};
use crate::referral::clocks::ClockId;

/// From where a step is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the shapes of the table")]
pub enum Origin {
    /// From nothing: it begins.
    Nothing,
    /// From these.
    In(&'static [WorkState]),
    /// From everything that has not ended.
    Open,
    /// From everywhere.
    Any,
}

impl Origin {
    /// Whether this state is among them.
    pub fn contains(self, state: WorkState) -> bool {
        match self {
            Self::Nothing => false,
            Self::In(states) => states.contains(&state),
            Self::Open => !state.is_terminal(),
            Self::Any => true,
        }
    }
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the shapes of the table")]
pub enum To {
    /// To this state.
    State(WorkState),
    /// Nowhere: it is a note.
    Same,
    /// Back to where the question was asked from.
    Back,
    /// To `handed_over` when the other side has signed the same record; otherwise nowhere yet.
    Signed,
    /// To a thread of its own; this one stays as it is.
    Thread,
}

/// Who inside the organisation takes the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the roles of the table")]
pub enum Role {
    /// Whoever works on it.
    Agent,
    /// Whoever answers for it.
    Supervisor,
    /// Whoever is on duty.
    Duty,
    /// The organisation's software.
    System,
}

/// What a step must carry. Whatever is not named by its row is possible, but for a reason, which is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the obligations of the table")]
pub enum Carry {
    /// A code of this list: `CL-DR`, `CL-CL` or `CL-HF`.
    ReasonOf(&'static str),
    /// A reason in a line.
    Reason,
    /// At least one question.
    Questions,
    /// When, if it is P0 or P1.
    EtaIfUrgent,
    /// When.
    Eta,
    /// Until when.
    Until,
    /// The recipient's own number of the case; software fills it in.
    PeerCase,
    /// What came of it; a text or an answer stands in for it.
    Outcome,
    /// The handover record.
    Record,
    /// What was found.
    Found,
    /// An answer or a text.
    Reply,
    /// A text.
    Text,
    /// What it is about: sections, or everything.
    Scope,
    /// Number of the member of the staff.
    Staff,
    /// To whom it is given.
    Assigned,
    /// Which clock, and which level.
    Clock,
}

/// What a step does to a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "what a clock can do")]
pub enum Clocked {
    /// It begins, anew if it runs.
    Start(ClockId),
    /// It goes on; if it did not run, it begins.
    Go(ClockId),
    /// It waits.
    Pause(ClockId),
    /// It ends.
    Stop(ClockId),
    /// All end.
    StopAll,
    /// The one that runs gets more time, once.
    Delay,
}

/// A row.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the columns of the table")]
pub struct Row {
    /// Its number; several rows share one where the dictionary has several parties or cases in a row.
    pub number: u8,
    /// From where.
    pub from: Origin,
    /// To where.
    pub to: To,
    /// Whose step.
    pub by: Party,
    /// Who there.
    pub role: Role,
    /// The step.
    pub action: Action,
    /// What it must carry.
    pub carries: &'static [Carry],
    /// What it does to deadlines.
    pub clocks: &'static [Clocked],
}

const DR: Carry = Carry::ReasonOf("CL-DR");
const CL: Carry = Carry::ReasonOf("CL-CL");
const HF: Carry = Carry::ReasonOf("CL-HF");

macro_rules! rows {
    ($($number:literal $from:expr => $to:expr, $by:ident $role:ident $action:ident [$($carry:expr),*] [$($clock:expr),*];)*) => {
        &[$(Row {
            number: $number, from: $from, to: $to, by: Party::$by, role: Role::$role, action: Action::$action,
            carries: &[$($carry),*], clocks: &[$($clock),*],
        }),*]
    };
}

/// The table.
///
/// Where it goes beyond the dictionary: 6 from `seen` and 20 from `info_requested` (a sender who takes something back that was
/// looked at must not be stuck), 13 and 17 to 19 from `accepted` and `on_hold` (what is done quickly has no `start`), 15 with
/// the word `decline` (older programs say it). From 32 on: the other words of a case update.
pub const ROWS: &[Row] = {
    use Carry::*;
    use ClockId::*;
    use Clocked::{Delay, Go, Pause, Start, Stop, StopAll};
    use Origin::{Any, In, Nothing, Open};
    use To::{Back, Same, Signed, State, Thread};
    use WorkState::*;
    rows! {
        1 Nothing => State(Draft), Sender Agent Create [] [];
        2 In(&[Draft]) => State(Sent), Sender Agent Send [] [Start(C1)];
        3 In(&[Draft]) => State(EnteredInError), Sender Agent Discard [] [];
        4 In(&[Sent]) => State(Received), System System Deliver [] [Stop(C1), Start(C2), Start(C3)];
        5 In(&[Sent]) => State(Expired), System System Expire [] [StopAll];
        6 In(&[Sent, Received, Seen]) => State(Withdrawn), Sender Agent Withdraw [Reason] [StopAll];
        7 In(&[Sent, Received]) => State(Seen), System System Open [Staff] [Stop(C1), Stop(C2), Go(C3)];
        8 In(&[Received, Seen]) => State(InfoRequested), Recipient Agent Ask [HF, Questions] [Stop(C2), Pause(C3), Start(C4)];
        9 In(&[InfoRequested]) => Back, Sender Agent Answer [Reply] [Stop(C4), Go(C3)];
        10 In(&[Received, Seen]) => State(Accepted), Recipient Agent Accept [PeerCase, EtaIfUrgent] [Stop(C2), Stop(C3), Start(C5)];
        11 In(&[Received, Seen, InfoRequested]) => State(Declined), Recipient Agent Decline [DR] [StopAll];
        12 In(&[Accepted]) => State(InProgress), Recipient Agent Start [] [Stop(C5), Start(C6)];
        13 In(&[Accepted, InProgress]) => State(OnHold), Recipient Agent Hold [Reason, Until] [Pause(C5), Pause(C6)];
        14 In(&[OnHold]) => State(InProgress), Recipient Agent Resume [] [Stop(C5), Go(C6)];
        15 In(&[Accepted]) => State(Declined), Recipient Supervisor DeclineLate [DR] [StopAll];
        15 In(&[Accepted]) => State(Declined), Recipient Supervisor Decline [DR] [StopAll];
        16 In(&[InProgress]) => State(InfoRequested), Recipient Agent Ask [HF, Questions] [Pause(C6), Start(C4)];
        17 In(&[InProgress]) => Signed, Recipient Agent HandedOver [Record] [Stop(C6), Start(C7)];
        17 In(&[InProgress]) => Signed, Sender Agent HandedOver [Record] [Stop(C6), Start(C7)];
        17 In(&[Accepted, InProgress]) => State(HandedOver), Recipient Agent HandedOver [] [Stop(C5), Stop(C6), Start(C7)];
        18 In(&[Accepted, InProgress, HandedOver]) => State(Completed), Recipient Agent Complete [Outcome] [StopAll];
        19 In(&[InProgress]) => State(Failed), Recipient Agent Fail [Reason] [StopAll];
        20 In(&[InfoRequested, Accepted, InProgress, OnHold]) => State(WithdrawRequested), Sender Agent Withdraw [Reason] [];
        21 In(&[WithdrawRequested]) => State(Withdrawn), Recipient Agent CancelConfirm [Text] [StopAll];
        22 In(&[WithdrawRequested]) => State(InProgress), Recipient Agent CancelRefuse [Reason] [Stop(C3), Stop(C4), Stop(C5), Go(C6)];
        23 In(&[Completed]) => State(Closed), Sender Agent Close [CL] [];
        24 In(&[Completed]) => State(InProgress), Sender Agent Object [Reason] [Go(C6)];
        25 In(&[Closed]) => State(InProgress), Sender Supervisor Reopen [Reason] [Start(C6)];
        25 In(&[Closed]) => State(InProgress), Recipient Supervisor Reopen [Reason] [Start(C6)];
        26 In(&[Declined, Failed, Expired]) => Thread, Sender Agent ReRefer [] [];
        27 Open => State(EnteredInError), Sender Supervisor Error [Reason] [StopAll, Start(CE)];
        28 Any => Same, Sender Agent ConsentWithdrawn [Scope] [Start(CE)];
        29 Any => Same, Recipient Agent Recuse [Staff] [];
        30 Any => Same, Recipient Supervisor Reassign [Assigned] [];
        31 Any => Same, Sender System DeadlineMissed [Clock] [];
        31 Any => Same, Recipient System DeadlineMissed [Clock] [];
        32 In(&[Accepted, InProgress, HandedOver]) => Same, Recipient Agent Progress [Text] [Start(C6)];
        32 In(&[OnHold]) => Same, Recipient Agent Progress [Text] [];
        33 Open => Same, Recipient Agent DelayNotice [Reason, Eta] [Delay];
        34 Any => Same, Sender Agent Located [Found] [];
        34 Any => Same, Recipient Agent Located [Found] [];
        35 Any => Same, Sender Agent Safe [] [];
        35 Any => Same, Recipient Agent Safe [] [];
        36 Any => Same, Sender Agent Deceased [] [];
        36 Any => Same, Recipient Agent Deceased [] [];
        37 Any => Same, Sender Agent PossibleMatch [] [];
        37 Any => Same, Recipient Agent PossibleMatch [] [];
        38 Any => Same, Sender Agent Correction [Text] [];
        38 Any => Same, Recipient Agent Correction [Text] [];
        39 Any => Same, Sender Agent EraseRequest [Scope] [Start(CE)];
        39 Any => Same, Recipient Agent EraseRequest [Scope] [];
        40 Any => Same, Sender Agent EraseDone [] [];
        40 Any => Same, Recipient Agent EraseDone [] [Stop(CE)];
        40 Any => Same, Sender Agent EraseRefuse [] [];
        40 Any => Same, Recipient Agent EraseRefuse [] [Stop(CE)];
        41 Any => Same, Sender Supervisor KeyCompromise [Text] [];
        41 Any => Same, Recipient Supervisor KeyCompromise [Text] [];
        42 Any => Same, Sender Agent OnwardApproved [] [];
    }
};
