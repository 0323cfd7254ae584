//! `causeway staff`: who works here, by number.

use clap::Subcommand;
use serde_json::json;

use super::failure::{Failure, exit, hint};
use super::home::Home;
use super::output::{print, print_list, remark, text, time};
use crate::referral::lifecycle::Role;
use crate::staff::{self, Leave};
use crate::vault::{Changes, Tree};

#[derive(Debug, Subcommand)]
pub(crate) enum StaffCommand {
    /// Register somebody, or change a role. Numbers only, no names.
    Add {
        /// Number in your organisation.
        number: String,
        /// agent, supervisor or duty.
        #[arg(long, value_parser = ["agent", "supervisor", "duty"])]
        role: String,
    },
    /// Who is registered.
    List,
    /// Who takes a referral on: any agent, or a supervisor only.
    Policy {
        /// agent or supervisor.
        #[arg(long, value_parser = ["agent", "supervisor"])]
        accept: String,
    },
    /// Who sits at this workstation: notes and assignments are made under this number.
    Me {
        /// Number in your organisation; without it, whose it is now is shown.
        number: Option<String>,
    },
    /// Take somebody off the list.
    Remove {
        /// Number in your organisation.
        number: String,
    },
}

pub(crate) async fn run(command: StaffCommand, home: &Home) -> Result<(), Failure> {
    let vault = &home.engine.vault;
    let mut changes = Changes::default();
    let (number, done) = match command {
        StaffCommand::List => return list(home),
        StaffCommand::Policy { accept } => return policy(&accept, home).await,
        StaffCommand::Me { number } => return me(number, home).await,
        StaffCommand::Add { number, role } => {
            if !staff::is_number(&number) || vault.count(Tree::Staff) >= staff::STAFF_MAX {
                return Err(Failure::invalid(
                    home.lang.text("staff-not-a-number"),
                    hint("staff-hint", &[], home.lang),
                ));
            }
            staff::put(&mut changes, &number, &role, home.engine.now());
            let role = home.lang.text(&format!("role-{role}"));
            let done = home.lang.fill("staff-added", &[("number", &number), ("role", &role)]);
            (number, done)
        }
        StaffCommand::Remove { number } => {
            if staff::find(vault, &number)?.is_none() {
                return Err(Failure::not_found(&number));
            }
            staff::remove(&mut changes, &number);
            if staff::me(vault)?.is_some_and(|me| me == number) {
                staff::set_me(&mut changes, "");
            }
            let done = home.lang.fill("staff-removed", &[("number", &number)]);
            (number, done)
        }
    };
    home.engine.commit(changes).await?;
    home.note("changed the list of the staff").await?;
    print(home.json, json!({ "number": number }), |_| done);
    Ok(())
}

fn list(home: &Home) -> Result<(), Failure> {
    let entry = |member: staff::Member| json!({ "number": member.number, "role": member.role, "since": time(member.since) });
    let all = staff::all(&home.engine.vault)?.into_iter().map(entry).collect();
    print_list(home.json, all, &home.lang.text("staff-none"), |v| {
        format!("{}  {}", text(v, "number"), home.lang.text(&format!("role-{}", text(v, "role"))))
    });
    Ok(())
}

/// Whose workstation this is while somebody sits at it.
async fn me(number: Option<String>, home: &Home) -> Result<(), Failure> {
    let vault = &home.engine.vault;
    if let Some(number) = &number {
        is_here(home, number)?;
        let mut changes = Changes::default();
        staff::set_me(&mut changes, number);
        home.engine.commit(changes).await?;
        home.note("said who sits at this workstation").await?;
    }
    let me = staff::me(vault)?;
    print(home.json, json!({ "number": me }), |_| match &me {
        Some(number) => home.lang.fill("staff-me", &[("number", number)]),
        None => home.lang.text("staff-me-none"),
    });
    Ok(())
}

/// Whether a number can be somebody's here: it is on the list, or nobody is.
pub(crate) fn is_here(home: &Home, number: &str) -> Result<(), Failure> {
    let vault = &home.engine.vault;
    let listed = vault.count(Tree::Staff) == 0 || staff::find(vault, number)?.is_some();
    if staff::is_number(number) && listed {
        return Ok(());
    }
    let gaps = [("number", number)];
    Err(Failure::invalid(home.lang.fill("staff-not-here", &gaps), hint("staff-hint", &[], home.lang)))
}

/// Nobody could take anything on if there were no supervisor.
async fn policy(accept: &str, home: &Home) -> Result<(), Failure> {
    let only = accept == "supervisor";
    let there_is_one = staff::all(&home.engine.vault)?.iter().any(|member| member.role == "supervisor");
    if only && !there_is_one {
        return Err(Failure::wrong("staff-no-supervisor", &[]));
    }
    let mut changes = Changes::default();
    staff::set_supervisors_accept(&mut changes, only);
    home.engine.commit(changes).await?;
    home.note("changed who takes referrals on").await?;
    let role = home.lang.text(&format!("role-{accept}"));
    print(home.json, json!({ "accept": accept }), |_| home.lang.fill("staff-policy", &[("role", &role)]));
    Ok(())
}

/// Whether the one who is named may take a step of this role.
pub(crate) fn check(home: &Home, role: Role, number: Option<&str>) -> Result<(), Failure> {
    let role_name = home.lang.text(&format!("role-{}", staff::word(role)));
    let gaps = [("role", role_name.as_str()), ("number", number.unwrap_or("?"))];
    let refused = match staff::may(&home.engine.vault, role, number)? {
        Leave::Given => return Ok(()),
        Leave::Unchecked => {
            if !home.json {
                remark(&home.lang.text("staff-unchecked"));
            }
            return Ok(());
        }
        Leave::Unnamed => "staff-unnamed",
        Leave::Unknown => "staff-unknown",
        Leave::Refused => "staff-refused",
    };
    let message = home.lang.fill(refused, &gaps);
    Err(Failure::new("L-111", exit::REFUSED, message, hint("staff-hint", &[], home.lang)))
}
