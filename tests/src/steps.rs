//! What people say with a step, so that the step is complete.

use causeway_client::engine::threads::Words;
use causeway_client::referral::lifecycle::Action;

/// Everything that a step of this kind must carry, and this text.
pub fn words(action: Action, text: &str) -> Words {
    let reason = match action {
        Action::Decline | Action::DeclineLate => "no_capacity",
        Action::Ask => "location_needed",
        Action::Close => "goal_reached",
        Action::Hold
        | Action::Fail
        | Action::Withdraw
        | Action::CancelRefuse
        | Action::Object
        | Action::Reopen
        | Action::Error
        | Action::DelayNotice => "it has to be",
        _ => "",
    };
    let mut fields = serde_json::Map::new();
    if action == Action::Hold {
        fields.insert("until".into(), "P2D".into());
    }
    Words {
        reason: reason.into(),
        text: text.into(),
        eta: "in 20 minutes".into(),
        fields,
        ..Words::default()
    }
}
