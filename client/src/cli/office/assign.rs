//! `causeway assign`: who of the staff has a referral.

use clap::Args;
use serde_json::json;

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::output::print;
use super::super::staff::is_here;
use super::super::steps::find_thread;
use super::{author, keep, me};
use crate::office::notes;

#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// Number of the referral, or the beginning of it.
    id: String,
    #[command(flatten)]
    to: Whom,
    /// Your number; otherwise that of whoever sits here.
    #[arg(long, value_name = "NO")]
    staff: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// Number of the member of the staff who has it from now on.
    #[arg(long, value_name = "NO")]
    to: Option<String>,
    /// Whoever sits at this workstation (causeway staff me).
    #[arg(long)]
    me: bool,
    /// Nobody in particular.
    #[arg(long)]
    nobody: bool,
}

pub(crate) async fn assign(args: AssignArgs, home: &Home) -> Result<(), Failure> {
    let thread = find_thread(home, &args.id)?;
    let to = if args.to.me { Some(me(home)?) } else { args.to.to };
    if let Some(to) = &to {
        is_here(home, to)?;
    }
    let by = author(home, args.staff.as_deref())?;
    let draft = notes::assign(thread.case, to.as_deref(), &by);
    match &to {
        Some(_) => keep(home, draft, Some(thread.root), "assigned a referral").await?,
        None => keep(home, draft, Some(thread.root), "assigned a referral to nobody").await?,
    };
    print(home.json, json!({ "referral": thread.root.to_string(), "assigned": to }), |_| match &to {
        Some(to) => home.lang.fill("assign-done", &[("number", to)]),
        None => home.lang.text("assign-done-nobody"),
    });
    Ok(())
}
