//! `causeway device refresh-keys`.

use serde_json::json;

use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::print;
use crate::session::{self, Stay};

/// What waits is opened with the old keys first; a relay that cannot be reached changes nothing.
pub(super) async fn keys(home: &Home) -> Result<(), Failure> {
    let dialer = home.dialer().await?;
    let report = session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
    if report.held > 0 {
        return Err(Failure {
            retryable: true,
            ..Failure::new(
                "E-141",
                exit::NETWORK,
                format!(
                    "{} packet(s) wait at the relay for a part of the directory that it has not shown yet. Without the old keys they could not be opened any more, so nothing was withdrawn.",
                    report.held
                ),
                "Run this again in some minutes. If they still wait, call their senders; if somebody may have this workstation, an administrator runs `causeway device revoke` for it.",
            )
        });
    }
    let withdrawn = home.engine.refresh_prekeys().await?;
    home.note("withdrew all prekeys").await?;
    if let Err(error) = session::run(&home.engine, &*dialer, Stay::UntilCalm).await {
        let failure = Failure::from(error).in_lang(home.lang);
        return Err(Failure {
            message: format!(
                "The old keys are withdrawn and erased here, and the relay has not heard of it yet: until it has, what is sealed to them is refused and sealed again. {}",
                failure.message
            ),
            ..failure
        });
    }
    let result = json!({ "withdrawn": withdrawn, "received": report.received });
    print(home.json, result, |_| {
        format!(
            "{withdrawn} keys are withdrawn and erased, and new ones are at the relay. {} packet(s) were fetched before.\nThis does not shut out whoever has this workstation's other keys: if somebody has them, an administrator runs `causeway device revoke` for it, and it joins again as a new one.",
            report.received
        )
    });
    Ok(())
}
