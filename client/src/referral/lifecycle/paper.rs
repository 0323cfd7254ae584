//! The generated part of docs/lifecycle.md: a diagram and two tables. The test fails when the file says something else; with
//! `CAUSEWAY_WRITE_DOCS=1` it writes the file.

use std::fmt::Write as _;
use std::path::Path;

use super::mapping::mapping;
use super::{Carry, Clocked, Origin, Party, ROWS, Role, Row, To, WorkState};

const BEGIN: &str = "<!-- generated from the table in client/src/referral/lifecycle/table.rs -->\n";
const END: &str = "<!-- end of the generated part -->\n";

#[test]
fn the_documentation_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lifecycle.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", generated());
    if std::env::var_os("CAUSEWAY_WRITE_DOCS").is_some() {
        return std::fs::write(&path, &wanted).unwrap();
    }
    assert!(
        text == wanted,
        "docs/lifecycle.md is not what the table says: run this test with CAUSEWAY_WRITE_DOCS=1"
    );
}

fn generated() -> String {
    format!("\n{}\n{}\n{}\n", diagram(), table(), mappings())
}

fn diagram() -> String {
    let mut out = String::from("```mermaid\nstateDiagram-v2\n");
    for row in ROWS {
        let to = match row.to {
            To::State(to) => to.as_str(),
            To::Signed => "handed_over",
            To::Back => "seen",
            To::Same | To::Thread => continue,
        };
        let sources: Vec<&str> = match row.from {
            Origin::Nothing => vec!["[*]"],
            Origin::In(states) => states.iter().map(|state| state.as_str()).collect(),
            Origin::Open | Origin::Any => continue,
        };
        for from in sources {
            let _ = writeln!(out, "    {from} --> {to}: {} ({})", row.action.as_str(), party(row.by));
        }
    }
    out.push_str("    info_requested --> in_progress: info_reply (S), if asked from there\n");
    for state in WorkState::ALL.iter().filter(|state| state.is_terminal()) {
        let _ = writeln!(out, "    {} --> [*]", state.as_str());
    }
    out.push_str("```\n\n`error` leads from every state that has not ended to `entered_in_error` and is left out of the drawing.\n");
    out
}

fn table() -> String {
    let mut out = String::from(
        "| # | From | To | Who | Step | Must carry | Deadlines |\n|---|---|---|---|---|---|---|\n",
    );
    for row in ROWS {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} {} | `{}` | {} | {} |",
            row.number,
            from(row),
            to(row),
            party(row.by),
            role(row.role),
            row.action.as_str(),
            joined(row.carries.iter().map(|carry| carried(*carry))),
            joined(row.clocks.iter().map(|clocked| clock(*clocked))),
        );
    }
    out
}

fn mappings() -> String {
    let mut out = String::from(
        "| Ours | FHIR Task.status | businessStatus | Primero | 360X | BSeR | PFIF | CAP |\n|---|---|---|---|---|---|---|---|\n",
    );
    for state in WorkState::ALL {
        let m = mapping(*state);
        let reason = if m.fhir_reason { " + statusReason" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {}{reason} | {} | {} | {} | {} | {} | {} |",
            state.as_str(),
            m.fhir_status,
            m.fhir_business,
            m.primero,
            m.x360,
            m.bser,
            m.pfif,
            m.cap
        );
    }
    out
}

fn party(by: Party) -> &'static str {
    match by {
        Party::Sender => "S",
        Party::Recipient => "R",
        Party::System => "SYS",
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Duty => "duty officer",
        Role::System => "software",
    }
}

fn from(row: &Row) -> String {
    match row.from {
        Origin::Nothing => "–".into(),
        Origin::In(states) => joined(states.iter().map(|state| state.as_str().to_owned())),
        Origin::Open => "all that has not ended".into(),
        Origin::Any => "any".into(),
    }
}

fn to(row: &Row) -> String {
    match row.to {
        To::State(state) => state.as_str().into(),
        To::Same => "same".into(),
        To::Back => "seen, or in_progress if asked from there".into(),
        To::Signed => "handed_over with both signatures (VHO, EVH)".into(),
        To::Thread => "sent, in a thread of its own".into(),
    }
}

fn carried(carry: Carry) -> String {
    match carry {
        Carry::ReasonOf(list) => return format!("reason of {list}"),
        Carry::Reason => "reason",
        Carry::Questions => "questions[]",
        Carry::EtaIfUrgent => "eta for P0 and P1",
        Carry::Eta => "eta",
        Carry::Until => "until",
        Carry::PeerCase => "peer_case_ref (filled in)",
        Carry::Outcome => "outcome",
        Carry::Record => "handover record",
        Carry::Found => "found",
        Carry::Reply => "answer or text",
        Carry::Text => "text",
        Carry::Scope => "scope",
        Carry::Staff => "staff_no",
        Carry::Assigned => "assigned_to",
        Carry::Clock => "clock, level",
    }
    .into()
}

fn clock(clocked: Clocked) -> String {
    match clocked {
        Clocked::Start(id) => format!("start {}", id.as_str()),
        Clocked::Go(id) => format!("go on with {}", id.as_str()),
        Clocked::Pause(id) => format!("pause {}", id.as_str()),
        Clocked::Stop(id) => format!("stop {}", id.as_str()),
        Clocked::StopAll => "stop all".into(),
        Clocked::Delay => "once: more time".into(),
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "–".into() } else { words.join(", ") }
}
