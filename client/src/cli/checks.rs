//! `causeway org check`, and how checks are told.

use causeway_certs::directory::Organisation;
use causeway_certs::fingerprint;
use causeway_common::ids::OrgId;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::org;
use super::output::{print, text, time};
use crate::activity;
use crate::checks::{Check, CheckError, How, NOTE_CHARS_MAX};
use crate::lang::Lang;
use crate::records;
use crate::vault::Changes;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Identifier, the beginning of one, or the exact name.
    org: String,
    /// Who has compared the fingerprint.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// How.
    #[arg(long)]
    how: How,
    /// Anything else worth knowing: which number was called, who answered.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// The digits that the other side read out, for the program to compare as well.
    #[arg(long, value_name = "DIGITS")]
    fingerprint: Option<String>,
}

impl ValueEnum for How {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.word()))
    }
}

/// Records that a person has compared an organisation's fingerprint.
pub(crate) async fn check(args: CheckArgs, home: &Home) -> Result<(), Failure> {
    let id = org::find(home, &args.org).await?;
    if id == home.engine.identity.org {
        return Err(Failure::wrong("fail-check-own", &[]));
    }
    let replica = home.engine.replica.lock().await;
    let org = replica.directory.organisation(id).ok_or_else(|| Failure::not_found(&args.org))?;
    if let Some(heard) = &args.fingerprint {
        compare(org, heard)?;
    }
    let check =
        Check::of(org, &args.by, args.how, &args.note, home.engine.now()).map_err(|error| match error {
            CheckError::By(name) => Failure::from(name),
            _ => Failure::wrong("fail-check-note", &[("max", &NOTE_CHARS_MAX.to_string())]),
        })?;
    let result = json!({
        "id": id.to_string(),
        "name": org.name,
        "fingerprint": fingerprint::digits(org.fingerprint()),
        "checked": value(org, Some(&check)),
    });
    drop(replica);
    let mut changes = Changes::default();
    records::put_check(&mut changes, id, &check);
    let what = format!("checked organisation {} {}", id.short(), check.how.phrase());
    activity::append(&home.engine.vault, &mut changes, check.at, &what, None)?;
    home.engine.commit(changes).await?;
    print(home.json, result, |v| {
        let words = words(&v["checked"], home.lang);
        let gaps = [("name", text(v, "name")), ("words", &words), ("fingerprint", text(v, "fingerprint"))];
        home.lang.fill("check-recorded", &gaps)
    });
    Ok(())
}

fn compare(org: &Organisation, heard: &str) -> Result<(), Failure> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(heard) == digits(&fingerprint::digits(org.fingerprint())) {
        return Ok(());
    }
    Err(Failure::said("D-128", exit::INTEGRITY, "fail-check-other", &[]))
}

/// Nothing about a person goes to whoever has another key than the one that was compared.
pub(crate) async fn must_be_current(org: OrgId, home: &Home) -> Result<(), Failure> {
    let Some(check) = home.engine.outdated_check(org).await? else { return Ok(()) };
    let name = home.name_of(org).await;
    let at = time(check.at);
    let day = at.as_str().and_then(|at| at.split('T').next()).unwrap_or_default();
    Err(Failure::in_each("D-129", exit::INTEGRITY, |lang| {
        let gaps = [("name", &*name), ("by", &*check.by), ("day", day)];
        (lang.fill("fail-key-changed", &gaps), lang.fill("fail-key-changed.hint", &[("name", &name)]))
    }))
}

/// A check in JSON; null for none.
pub(crate) fn value(org: &Organisation, check: Option<&Check>) -> Value {
    check.map_or(Value::Null, |check| {
        json!({
            "by": check.by,
            "at": time(check.at),
            "how": check.how.word(),
            "note": check.note,
            "current": check.is_current(org),
        })
    })
}

/// A check in words.
pub(crate) fn words(checked: &Value, lang: Lang) -> String {
    let Some(by) = checked["by"].as_str() else { return lang.text("check-none") };
    let how = How::ALL.into_iter().find(|how| how.word() == checked["how"]);
    let how = how.map_or_else(String::new, |how| lang.text(&format!("check-how-{}", how.word())));
    let day = text(checked, "at").split('T').next().unwrap_or_default();
    let id = if checked["current"] == true { "check-done" } else { "check-outdated" };
    lang.fill(id, &[("by", by), ("day", day), ("how", &how)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_a_key_that_has_changed_is_told_as_outdated() {
        let told = |current| {
            words(
                &json!({ "by": "Olga", "at": "2026-03-04T05:06:07Z", "how": "video", "current": current }),
                Lang::En,
            )
        };
        assert_eq!(told(true), "checked by Olga on 2026-03-04 by video call");
        assert_eq!(
            told(false),
            "checked by Olga on 2026-03-04 by video call; the key has changed since: compare the fingerprint again"
        );
        for how in How::ALL {
            for lang in Lang::ALL {
                let id = format!("check-how-{}", how.word());
                assert!(lang.find(&id, None).is_some(), "{id}");
            }
            assert_eq!(Lang::En.text(&format!("check-how-{}", how.word())), how.phrase());
        }
        assert_eq!(words(&Value::Null, Lang::En), "not checked yet: compare the fingerprint");
    }
}
