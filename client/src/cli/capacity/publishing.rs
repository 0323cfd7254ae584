//! `causeway capacity publish`: partners learn how many places can be offered.

use causeway_common::ids::{OrgId, PacketId};
use clap::Args;
use serde_json::json;

use super::super::failure::{Failure, exit};
use super::super::home::Home;
use super::super::kind;
use super::super::org;
use super::super::output::print;
use super::super::sharing::{self, Basis};
use super::super::standing;
use crate::beds;
use crate::beds::publication::{self, published};
use crate::referral::{Document, Level};

/// Organisations that one command may address.
const RECIPIENTS_MAX: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// Who gets it: names or identifiers, separated by commas; otherwise those who got the last one.
    #[arg(long, value_delimiter = ',')]
    to: Vec<String>,
    /// Code of the house; not needed if there is only one.
    #[arg(long)]
    shelter: Option<String>,
}

pub(super) async fn publish(args: PublishArgs, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    let cases = beds::cases(&home.engine.vault)?;
    let (houses, _) = super::standing(home, &cases)?;
    let house = super::house_of(houses, args.shelter.as_deref(), home)?;
    if house.is_stale(home.engine.relay_now()) {
        let hint = lang.text("capacity-count-again");
        return Err(Failure::new("Y-110", exit::REFUSED, lang.text("capacity-old"), hint));
    }
    let to = match args.to.as_slice() {
        [] => published(&cases).remove(&house.count.shelter).map(|last| last.to).unwrap_or_default(),
        named => recipients(named, home).await?,
    };
    if to.is_empty() || to.len() > RECIPIENTS_MAX {
        return Err(Failure::invalid(lang.text("capacity-to-whom"), lang.text("capacity-to-whom-hint")));
    }
    let packet = PacketId(home.engine.random().await);
    let Some(document) = publication::document(&home.engine, &house, packet) else { return Ok(()) };
    let found = document.validate(Level::Send, home.engine.now());
    if !found.is_empty() {
        return Err(kind::refused(&found, lang));
    }
    may_have_it(&document, &to, home).await?;
    let reached = publication::queue(&home.engine, &document, packet, &to).await?;
    home.note("published the beds").await?;
    let names = super::names(&reached, home).await;
    let packets: Vec<_> = reached
        .iter()
        .map(|org| json!({ "to": org.to_string(), "packet_id": packet.to_string(), "state": "queued" }))
        .collect();
    let result = json!({
        "referral": packet.to_string(), "packets": packets, "capacity": document.fields.get("capacity"),
    });
    print(home.json, result, |_| lang.fill("capacity-queued", &[("names", &names)]));
    Ok(())
}

async fn recipients(named: &[String], home: &Home) -> Result<Vec<OrgId>, Failure> {
    let mut recipients = Vec::new();
    for meant in named {
        let org = org::find(home, meant).await?;
        if org == home.engine.identity.org {
            let hint = home.lang.text("capacity-to-whom-hint");
            return Err(Failure::invalid(home.lang.text("capacity-to-whom"), hint));
        }
        if let Some(suspended) = home.suspension_of(org).await {
            return Err(standing::recipient(&home.name_of(org).await, &suspended));
        }
        if !recipients.contains(&org) {
            recipients.push(org);
        }
    }
    Ok(recipients)
}

/// What is agreed with a partner decides, as for everything that is sent.
async fn may_have_it(document: &Document, to: &[OrgId], home: &Home) -> Result<(), Failure> {
    let basis = Basis { document, overridden: None, origins: &[], files: &[] };
    let mut shares = sharing::work_out(&basis, to, home).await?;
    sharing::make_copies(document, &mut shares, home);
    sharing::check(&shares, home)
}
