//! `causeway recovery split` and `combine`: a root key in shares, of which so many together are the key.

use causeway_certs::keys::SigningKey;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::input::{SheetArgs, ask_for_any, words_of};
use super::key_value;
use super::papers::{ask_for_groups, nothing_here};
use crate::cli::Global;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::{Home, system_rng};
use crate::cli::output::{emit, harmless, print, remark};
use crate::recovery::shares::{self, IN_COMMON, SHARES_MAX, Share};
use crate::recovery::{self, Part, Root, sheet};

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The one that speaks for the organisation.
    Root,
    /// The one that takes over from it.
    Next,
    /// The one that `causeway recovery sheet --new` has made.
    Prepared,
}

#[derive(Debug, Args)]
pub(crate) struct SplitArgs {
    /// Which key.
    key: Which,
    /// How many shares to make.
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=i64::from(SHARES_MAX)))]
    shares: u8,
    /// How many of them give the key back.
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=i64::from(SHARES_MAX)))]
    need: u8,
}

/// Prints the shares; at a terminal asks for two groups of each, and erases the key here.
pub(super) async fn split(args: &SplitArgs, home: &Home) -> Result<(), Failure> {
    let part = match args.key {
        Which::Root => Part::Root,
        Which::Next => Part::Next,
        Which::Prepared => Part::Prepared,
    };
    let here = recovery::here(&home.engine).await?;
    let (root, key) = here.into_iter().find(|(root, _)| root.part == part).ok_or_else(nothing_here)?;
    let made = shares::split(&key, args.shares, args.need, &mut *system_rng()).ok_or_else(|| {
        Failure::invalid(
            "More shares are needed than there are. Nothing was printed.",
            "For example --shares 3 --need 2: any two of three people.",
        )
    })?;
    home.note("printed a root key in shares").await?;
    if home.json {
        let mut value = key_value(&root);
        value["shares"] = made.iter().map(share_value).collect();
        print(true, value, |_| String::new());
        return Ok(());
    }
    for share in &made {
        emit(&shares::paper(share, &heading(share, &root, home)));
    }
    if home.no_input {
        return Ok(());
    }
    for share in &made {
        remark(&format!("Share {}:", share.number()));
        ask_for_groups(&share.groups(), IN_COMMON, &root)?;
    }
    recovery::confirm(&home.engine, &[root.name]).await?;
    home.note("erased root keys that are on paper").await?;
    remark(&format!(
        "The key is erased on this workstation. Give each share to another person, who keeps it to herself; any {} of them together are the key. Clear the screen now.",
        args.need
    ));
    Ok(())
}

fn share_value(share: &Share) -> serde_json::Value {
    let groups = share.groups();
    json!({
        "number": share.number(),
        "groups": groups.iter().map(|group| group.as_str()).collect::<Vec<_>>(),
    })
}

fn heading(share: &Share, root: &Root, home: &Home) -> String {
    format!(
        "Causeway recovery share {} of {}: {}, key {}\n{} ({})\nAny {} of the {} shares together are the key; one alone says nothing. Keep it to yourself.",
        share.number(),
        share.total,
        words_of(root.part),
        share.key(),
        harmless(&home.engine.identity.name),
        home.engine.identity.country,
        share.need,
        share.total,
    )
}

/// Prints the sheet of a key whose shares are typed or in files.
pub(crate) fn combine(shares: &SheetArgs, global: &Global) -> Result<(), Failure> {
    let mut keys = shares.read()?;
    if keys.is_empty() {
        if global.no_input || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return Err(Failure::new(
                "T-106",
                exit::LOCKED,
                "Nobody is here to type shares. Nothing was printed.",
                "Run it at a terminal, or give them as they were printed with `--sheet-file`.",
            ));
        }
        keys.push(ask_for_any("the shares")?);
    }
    for key in &keys {
        show(key, global.json);
    }
    Ok(())
}

fn show(key: &SigningKey, json: bool) {
    let name = sheet::name(key.public());
    if json {
        let groups = sheet::groups_of(key);
        let groups = groups.iter().map(|group| group.as_str()).collect::<Vec<_>>();
        print(true, json!({ "key": name.to_string(), "groups": groups }), |_| String::new());
    } else {
        let heading =
            format!("Causeway recovery sheet: key {}, put together from shares", sheet::short(name));
        emit(&sheet::paper(key, &heading));
    }
}
