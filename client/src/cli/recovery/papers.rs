//! `causeway recovery sheet` and `confirm`: root keys go onto paper, and leave the workstation.

use causeway_certs::keys::SigningKey;
use causeway_common::ids::Digest;
use rand_core::Rng as _;
use serde_json::json;
use zeroize::Zeroizing;

use super::input::{SheetArgs, another, line, words_of};
use super::key_value;
use crate::cli::failure::{Failure, exit};
use crate::cli::home::{Home, system_rng};
use crate::cli::output::{emit, harmless, print, remark};
use crate::linking::LinkingError;
use crate::recovery::sheet;
use crate::recovery::{self, Part, Root};

/// How many groups of a sheet are asked for.
pub(crate) const ASKED: usize = 2;
/// How often a person may type a group wrong.
const TRIES: usize = 3;

/// Prints what is still here. What is printed is out of this program's hands, so it is printed once and kept nowhere.
pub(super) async fn sheets(new: bool, home: &Home) -> Result<(), Failure> {
    if new {
        may_name_successors(home).await?;
        recovery::prepare(&home.engine).await?;
        home.note("made the root key after the next").await?;
    }
    let mut here = recovery::here(&home.engine).await?;
    if new {
        here.retain(|(root, _)| root.part == Part::Prepared);
    }
    if here.is_empty() {
        return Err(nothing_here());
    }
    home.note("printed recovery sheets").await?;
    if home.json {
        let sheets: Vec<_> = here
            .iter()
            .map(|(root, key)| {
                let mut value = key_value(root);
                let groups = sheet::groups_of(key);
                value["groups"] = groups.iter().map(|group| group.as_str()).collect::<Vec<_>>().into();
                value
            })
            .collect();
        print(true, json!({ "sheets": sheets }), |_| String::new());
        return Ok(());
    }
    for (root, key) in &here {
        emit(&sheet::paper(key, &heading(root, home)));
    }
    remark(
        "Write or print each sheet by itself, and lock them away in two places, apart from this machine. Then run `causeway recovery confirm`: it asks for two groups of each sheet and erases the keys here. Clear the screen afterwards.",
    );
    Ok(())
}

fn heading(root: &Root, home: &Home) -> String {
    let identity = &home.engine.identity;
    let what = match root.part {
        Part::Root => "Whoever has this paper decides who your administrators are.",
        Part::Next => {
            "Whoever has this paper and the registrar's help takes your organisation over. It brings you back if all else is lost."
        }
        Part::Prepared => {
            "With the next rotation this becomes the key that brings you back if all else is lost."
        }
    };
    format!(
        "Causeway recovery sheet: {}, key {}\n{} ({})\n{what}\nLock it away, apart from other sheets and from every machine.",
        words_of(root.part),
        sheet::short(root.name),
        harmless(&identity.name),
        identity.country,
    )
}

/// Whoever may sign for the organisation, and nobody else, prepares a successor of its roots.
async fn may_name_successors(home: &Home) -> Result<(), Failure> {
    let replica = home.engine.replica.lock().await;
    let own = replica.directory.organisation(home.engine.identity.org);
    if own.is_some_and(|own| home.engine.identity.is_administrator(own)) {
        return Ok(());
    }
    Err(LinkingError::NotAdministrator.into())
}

/// Asks for two groups of each sheet, or takes whole sheets from files, and erases the keys.
pub(super) async fn confirm(args: &SheetArgs, home: &Home) -> Result<(), Failure> {
    let here = recovery::here(&home.engine).await?;
    if here.is_empty() {
        return Err(nothing_here());
    }
    let typed = args.read()?;
    let shown: Vec<Digest> = if typed.is_empty() {
        if home.no_input {
            return Err(Failure::new(
                "T-106",
                exit::LOCKED,
                "Nobody is here to type groups of the sheets. Nothing was erased.",
                "Run it at a terminal, or give the sheets as they were printed with `--sheet-file`.",
            ));
        }
        here.iter().map(|(root, key)| ask(root, key)).collect::<Result<_, _>>()?
    } else {
        typed.iter().map(|key| known(key, &here)).collect::<Result<_, _>>()?
    };
    confirmed(&shown, home).await?;
    let roots = recovery::roots(&home.engine).await?;
    let erased: Vec<_> = roots.iter().filter(|root| shown.contains(&root.name)).map(key_value).collect();
    let left = recovery::here(&home.engine).await?.len();
    print(home.json, json!({ "erased": erased, "left": left }), |v| {
        let more = if v["left"] == 0 { "" } else { "\nOther keys are still here: confirm their sheets too." };
        format!(
            "{} key(s) erased on this workstation. From now on only the paper has them.{more}",
            shown.len()
        )
    });
    Ok(())
}

/// Erases keys of which somebody has shown to have the sheets.
pub(crate) async fn confirmed(shown: &[Digest], home: &Home) -> Result<(), Failure> {
    recovery::confirm(&home.engine, shown).await?;
    home.note("erased root keys that are on paper").await
}

fn known(typed: &SigningKey, here: &[(Root, SigningKey)]) -> Result<Digest, Failure> {
    let name = sheet::name(typed.public());
    here.iter().find(|(root, _)| root.name == name).map(|(root, _)| root.name).ok_or_else(|| another(typed))
}

fn ask(root: &Root, key: &SigningKey) -> Result<Digest, Failure> {
    remark(&format!("Sheet of {}, key {}:", words_of(root.part), sheet::short(root.name)));
    ask_for_groups(&sheet::groups_of(key), 0, root)?;
    Ok(root.name)
}

/// Asks for two groups of a paper, none of the first ones that others like it have too.
pub(super) fn ask_for_groups(
    groups: &[Zeroizing<String>],
    in_common: usize,
    root: &Root,
) -> Result<(), Failure> {
    for number in pick(groups.len().saturating_sub(in_common)) {
        let number = number + in_common;
        let mut tries = TRIES;
        loop {
            remark(&format!("    group {number}?"));
            let Some(typed) = line()? else { return Err(not_shown(root)) };
            if sheet::is_group(groups, number, &typed) {
                break;
            }
            tries -= 1;
            if tries == 0 {
                return Err(not_shown(root));
            }
            remark("    That is not what stands on the paper.");
        }
    }
    Ok(())
}

/// Two different numbers of so many groups.
pub(crate) fn pick(count: usize) -> [usize; ASKED] {
    let mut rng = system_rng();
    let mut number = |below: usize| usize::try_from(rng.next_u32()).unwrap_or(0) % below.max(1);
    let first = number(count);
    let second = (first + 1 + number(count.saturating_sub(1))) % count.max(1);
    [first + 1, second + 1]
}

fn not_shown(root: &Root) -> Failure {
    Failure::said("T-125", exit::INVALID, "fail-sheet-groups", &[("key", words_of(root.part))])
}

pub(super) fn nothing_here() -> Failure {
    Failure::said("T-134", exit::NOT_FOUND, "fail-no-root-here", &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recovery::sheet::SHEET_GROUPS;

    #[test]
    fn two_different_groups_of_the_sheet_are_asked_for() {
        for _ in 0..1_000 {
            let [first, second] = pick(SHEET_GROUPS);
            assert!(
                first != second
                    && (1..=SHEET_GROUPS).contains(&first)
                    && (1..=SHEET_GROUPS).contains(&second)
            );
        }
    }
}
