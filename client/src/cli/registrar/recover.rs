//! `causeway registrar recover`: the registrar brings an organisation back that has no workstation left.

use causeway_certs::fingerprint;
use clap::Subcommand;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::joining::{comparison, comparison_words};
use crate::cli::org;
use crate::cli::output::{print, text, time};
use crate::exclusion;
use crate::recovery::returning::{self, Progress};

#[derive(Debug, Subcommand)]
pub(crate) enum RecoverCommand {
    /// An offer for the new workstation; it answers with a request.
    Offer {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
    },
    /// Show a request, to be compared with the organisation before it is taken.
    Show {
        /// The request, all of it.
        request: String,
    },
    /// Take a request, after comparing it: by the root it takes effect at once, by the next root in three days.
    Begin {
        /// The request, all of it.
        request: String,
    },
    /// End a recovery whose three days are over, and let the new workstation in.
    Finish {
        /// Identifier, the beginning of one, or the exact name.
        org: String,
    },
}

pub(super) async fn run(command: RecoverCommand, home: &Home) -> Result<(), Failure> {
    let link = exclusion::connect(&home.engine, &*home.dialer().await?).await?;
    let done = match command {
        RecoverCommand::Offer { org } => offer(home, &org).await,
        RecoverCommand::Show { request } => show(home, &request).await,
        RecoverCommand::Begin { request } => begin(home, &*link, &request).await,
        RecoverCommand::Finish { org } => finish(home, &*link, &org).await,
    };
    link.close(0);
    done
}

async fn offer(home: &Home, meant: &str) -> Result<(), Failure> {
    let org = org::find(home, meant).await?;
    let offer = returning::offer(&home.engine, org).await?;
    let name = home.name_of(org).await;
    print(home.json, json!({ "id": org.to_string(), "name": name, "offer": offer.to_text() }), |v| {
        format!(
            "{}\n\nGive this to {name}, after making sure in person or by a number that you know from elsewhere. It is good until the directory says something new of it. On the new workstation, with a recovery sheet at hand: causeway recovery restore OFFER\nThen here, with the request that it shows: causeway registrar recover show REQUEST",
            text(v, "offer")
        )
    });
    Ok(())
}

async fn show(home: &Home, request: &str) -> Result<(), Failure> {
    let checked = returning::look_at(&home.engine, request).await?;
    let org = checked.request.org;
    let name = home.name_of(org).await;
    let at_once = !checked.request.change.is_empty();
    let mut result = comparison(checked.comparison);
    result["id"] = org.to_string().into();
    result["name"] = name.as_str().into();
    result["at_once"] = at_once.into();
    result["fingerprint"] = fingerprint::digits(fingerprint::fingerprint(org, checked.root)).into();
    print(home.json, result, |v| {
        let what = if at_once {
            "It is signed by the root that is in force, and takes effect at once."
        } else {
            "It is signed by the next root, and takes effect three days after you have announced it; until then the organisation can contradict."
        };
        format!(
            "{name} asks to come back with a new workstation. {what}\n{}\nOnly if the people you know there read exactly this from their screen: causeway registrar recover begin REQUEST",
            comparison_words(v)
        )
    });
    Ok(())
}

async fn begin(
    home: &Home,
    link: &dyn causeway_certs::transport::Link,
    request: &str,
) -> Result<(), Failure> {
    let org = returning::look_at(&home.engine, request).await?.request.org;
    let progress = returning::begin(&home.engine, link, request).await?;
    home.note("took an organisation's request to come back").await?;
    tell(home, org, progress).await
}

async fn finish(home: &Home, link: &dyn causeway_certs::transport::Link, meant: &str) -> Result<(), Failure> {
    let org = org::find(home, meant).await?;
    let progress = returning::finish(&home.engine, link, org).await?;
    home.note("let an organisation come back").await?;
    tell(home, org, progress).await
}

async fn tell(home: &Home, org: causeway_common::ids::OrgId, progress: Progress) -> Result<(), Failure> {
    let name = home.name_of(org).await;
    let (status, ready) = match progress {
        Progress::Announced(ready) => ("announced", time(ready)),
        Progress::Done => ("returned", serde_json::Value::Null),
    };
    let result = json!({ "id": org.to_string(), "name": name, "status": status, "ready": ready });
    print(home.json, result, |v| match v["ready"].as_str() {
        Some(ready) => format!(
            "Announced: everybody sees it at the next `causeway sync`. It can take effect from {ready} on, with `causeway registrar recover finish`. Meanwhile call {name} at a number that you know from elsewhere: if it is alive and knows nothing of this, it contradicts."
        ),
        None => format!(
            "{name} may come back: on its new workstation, `causeway recovery restore` with the same offer. If it is suspended, reinstate it when it has."
        ),
    });
    Ok(())
}
