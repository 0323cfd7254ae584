//! What the states are called elsewhere. For formats; the words are those of the standards named with each field.

use super::WorkState;

/// What a state is called elsewhere. Empty: the other side has no word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// `Task.status` of FHIR R4.
    pub fhir_status: &'static str,
    /// `Task.businessStatus` of FHIR R4.
    pub fhir_business: &'static str,
    /// Whether `Task.statusReason` says why.
    pub fhir_reason: bool,
    /// Status of a referral in Primero v2.
    pub primero: &'static str,
    /// Message of 360X.
    pub x360: &'static str,
    /// Stage of BSeR (HL7); `x` stands for any digit.
    pub bser: &'static str,
    /// Status of a note in PFIF 1.4, of a person who is looked for.
    pub pfif: &'static str,
    /// `msgType` of CAP 1.2; `Draft` is a CAP status of its own.
    pub cap: &'static str,
}

/// The table of part 3.5.
pub const fn mapping(state: WorkState) -> Mapping {
    use WorkState::*;
    let (fhir_status, fhir_business, fhir_reason, primero, x360, bser, pfif, cap) = match state {
        Draft => ("draft", "", false, "", "", "", "", "Draft"),
        Sent => ("requested", "", false, "in_progress", "OMG^O19", "2.0", "information_sought", "Alert"),
        Received => ("received", "delivered", false, "in_progress", "ack", "2.0", "", "Ack"),
        Seen => ("received", "opened", false, "in_progress", "", "", "", "Ack"),
        InfoRequested => ("received", "awaiting-information", false, "in_progress", "", "", "", ""),
        Accepted => ("accepted", "", false, "accepted", "OSU accept", "3.0", "", "Update"),
        Declined => ("rejected", "", true, "rejected", "OSU decline", "4.0", "", ""),
        InProgress => {
            ("in-progress", "", false, "accepted", "InterimCommunicated", "5.x", "believed_missing", "Update")
        }
        OnHold => ("on-hold", "", true, "accepted", "", "5.x", "", ""),
        HandedOver => ("in-progress", "handed-over", false, "accepted", "", "5.x", "", "Update"),
        Completed => ("completed", "", false, "done", "Finalized", "7.0", "believed_alive", "Update"),
        Closed => ("completed", "closed", false, "done", "Finalized", "7.0", "", "Cancel"),
        WithdrawRequested => {
            ("in-progress", "cancellation-requested", false, "", "OSU cancel", "5.4", "", "")
        }
        Withdrawn => ("cancelled", "", true, "revoked", "CancelConfirmed", "6.0", "", "Cancel"),
        Expired => ("failed", "expired", true, "", "", "", "", ""),
        Failed => ("failed", "", true, "", "", "6.0", "", ""),
        EnteredInError => ("entered-in-error", "", false, "", "", "", "", "Error"),
    };
    Mapping { fhir_status, fhir_business, fhir_reason, primero, x360, bser, pfif, cap }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_status_of_fhir_and_terminal_ones_a_terminal_one() {
        let terminal = ["completed", "rejected", "cancelled", "failed", "entered-in-error"];
        for state in WorkState::ALL {
            let status = mapping(*state).fhir_status;
            let ended = state.is_terminal() || *state == WorkState::Completed;
            assert_eq!(terminal.contains(&status), ended, "{state:?} is {status}");
        }
    }
}
