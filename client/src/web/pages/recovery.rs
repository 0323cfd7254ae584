//! The recovery sheets: what has to stand on paper before the keys leave this workstation.

use std::collections::BTreeSet;

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use causeway_certs::keys::SigningKey;
use zeroize::Zeroizing;

use super::{Frame, Visitor, draw, shown};
use crate::cli::failure::Failure;
use crate::cli::recovery::papers::{self, ASKED};
use crate::cli::recovery::part_word;
use crate::identity::Role;
use crate::recovery::{self, Root, sheet};

#[derive(Template)]
#[template(path = "web/recovery.html")]
struct Sheets {
    frame: Frame,
    sheets: Vec<Sheet>,
}

/// One sheet. What is printed is out of this program's hands.
struct Sheet {
    title: String,
    what: String,
    groups: Vec<Zeroizing<String>>,
}

#[derive(Template)]
#[template(path = "web/recovery_confirm.html")]
struct Confirm {
    frame: Frame,
    asked: Vec<Asked>,
    error: String,
}

/// What is asked of a sheet: two of its groups.
struct Asked {
    key: String,
    title: String,
    numbers: [usize; ASKED],
}

pub(crate) async fn sheets(visitor: Visitor) -> Response {
    let page = page(&visitor).await;
    shown(&visitor, page)
}

async fn page(visitor: &Visitor) -> Result<Response, Failure> {
    let here = here(visitor).await?;
    if !here.is_empty() {
        visitor.home.note("showed recovery sheets").await?;
    }
    let sheets = here.iter().map(|(root, key)| Sheet {
        title: title(root, visitor),
        what: visitor.lang.text(&format!("recovery-what-{}", part_word(root.part))),
        groups: sheet::groups_of(key),
    });
    Ok(draw(&Sheets { frame: visitor.frame("settings")?, sheets: sheets.collect() }))
}

/// Asks for two groups of each sheet, on a page that shows none.
pub(crate) async fn ask(visitor: Visitor) -> Response {
    let page = asking(&visitor, String::new()).await;
    shown(&visitor, page)
}

async fn asking(visitor: &Visitor, error: String) -> Result<Response, Failure> {
    let here = here(visitor).await?;
    let asked = here.iter().map(|(root, key)| Asked {
        key: root.name.to_string(),
        title: title(root, visitor),
        numbers: papers::pick(sheet::groups_of(key).len()),
    });
    Ok(draw(&Confirm { frame: visitor.frame("settings")?, asked: asked.collect(), error }))
}

/// Erases the keys of which two groups of each sheet were typed.
pub(crate) async fn confirm(
    visitor: Visitor,
    Form(typed): Form<Vec<(String, Zeroizing<String>)>>,
) -> Response {
    let done = confirmed(&visitor, &typed).await;
    shown(&visitor, done)
}

async fn confirmed(visitor: &Visitor, typed: &[(String, Zeroizing<String>)]) -> Result<Response, Failure> {
    let mut have = Vec::new();
    for (root, key) in here(visitor).await? {
        let (groups, name) = (sheet::groups_of(&key), root.name.to_string());
        let mut right = BTreeSet::new();
        // The name of a field: the key, and the number of the group.
        for (field, group) in typed {
            let number = field.strip_prefix(&name).and_then(|rest| rest.strip_prefix('-')?.parse().ok());
            if number.is_some_and(|number| sheet::is_group(&groups, number, group)) {
                right.extend(number);
            }
        }
        if right.len() >= ASKED {
            have.push(root.name);
        }
    }
    let asked = here(visitor).await?.len();
    if have.len() < asked {
        return asking(visitor, visitor.lang.text("recovery-wrong")).await;
    }
    papers::confirmed(&have, &visitor.home).await?;
    Ok(Redirect::to("/recovery").into_response())
}

/// Root keys that are still here. A registrar has none of that kind.
async fn here(visitor: &Visitor) -> Result<Vec<(Root, SigningKey)>, Failure> {
    if visitor.home.engine.identity.role == Role::Registrar {
        return Ok(Vec::new());
    }
    Ok(recovery::here(&visitor.home.engine).await?)
}

fn title(root: &Root, visitor: &Visitor) -> String {
    let id = format!("recovery-title-{}", part_word(root.part));
    visitor.lang.fill(&id, &[("key", &sheet::short(root.name))])
}
