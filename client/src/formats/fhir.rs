//! FHIR R4: the status of a referral and its shell, as a Task and a ServiceRequest in one Bundle. No names: the person is a
//! pseudonym that the sender alone can resolve.

mod read;
mod write;

pub use read::rows;
pub use write::export;

/// Names of ours in the files.
const PACKET_KIND: &str = "urn:causeway:packet-kind";
const PACKET_STATE: &str = "urn:causeway:packet-state";
const SUBJECT: &str = "urn:causeway:subject";
const CASE: &str = "urn:causeway:case";
const ORGANISATION: &str = "urn:causeway:organisation";

/// Our states, those of a Task, and the state of the work beside it.
const STATES: &[(&str, &str, Option<&str>)] = &[
    ("draft", "draft", None),
    ("sent", "requested", None),
    ("received", "received", Some("delivered")),
    ("seen", "received", Some("opened")),
    ("info_requested", "received", Some("awaiting-information")),
    ("accepted", "accepted", None),
    ("declined", "rejected", None),
    ("in_progress", "in-progress", None),
    ("on_hold", "on-hold", None),
    ("handed_over", "in-progress", Some("handed-over")),
    ("completed", "completed", None),
    ("closed", "completed", Some("closed")),
    ("withdraw_requested", "in-progress", Some("cancellation-requested")),
    ("withdrawn", "cancelled", None),
    ("expired", "failed", Some("expired")),
    ("failed", "failed", None),
    ("entered_in_error", "entered-in-error", None),
];

/// States of a Task that need a reason, and no other may have one (pa-taskrm-1).
const WITH_REASON: [&str; 4] = ["rejected", "on-hold", "cancelled", "failed"];

/// Priorities.
const PRIORITIES: [(&str, &str); 4] = [("P0", "stat"), ("P1", "asap"), ("P2", "urgent"), ("P3", "routine")];

#[cfg(test)]
mod tests;
