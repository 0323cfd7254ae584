//! One section of a draft as a form: made from the tables, kept as it is typed, and told what is wrong with it.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::lines::{self, Control, Line, Wrong, id as id_of};
use super::{Drafted, drafted};
use crate::cli::drafts::CHANGED;
use crate::cli::failure::{Failure, exit};
use crate::cli::output::{harmless, text};
use crate::lang::Lang;
use crate::referral::drafting::{self, NIL};
use crate::referral::{Document, SectionCode, labels};
use crate::web::pages::lock::in_language;
use crate::web::pages::words::hour;
use crate::web::pages::{Frame, Visitor, draw, shown};

/// Fields of a form that are no fields of a referral.
const OF_THE_FORM: [&str; 6] = ["revision", "go", "more", "remove", "autosave", "speak"];

#[derive(Template)]
#[template(path = "web/section.html")]
struct Sheet {
    frame: Frame,
    id: String,
    code: String,
    title: String,
    notice: String,
    revision: String,
    lines: Vec<Line>,
    wrong: Vec<Wrong>,
    elsewhere: bool,
}

#[derive(Default, Deserialize)]
pub(crate) struct Look {
    /// A list that gets one more element.
    #[serde(default)]
    more: String,
    /// Whether what is wrong is shown, on the way back from the answers.
    #[serde(default)]
    wrong: String,
}

/// The fields of a form, in its order.
pub(crate) type Typed = Vec<(String, String)>;

/// The first field of this name.
pub(crate) fn first<'a>(typed: &'a Typed, name: &str) -> &'a str {
    typed.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

pub(crate) async fn write(
    visitor: Visitor,
    Path((id, code)): Path<(String, String)>,
    Query(look): Query<Look>,
) -> Response {
    let page = async {
        let draft = drafted(&visitor, &id).await?;
        let section = section(&draft, &code)?;
        page(&visitor, &draft, &draft.document, section, &look, false)
    };
    let page = page.await;
    shown(&visitor, page)
}

pub(crate) async fn keep(
    visitor: Visitor,
    Path((id, code)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    let kept = kept(&visitor, &id, &code, &typed).await;
    match kept {
        Err(failure) if !first(&typed, "autosave").is_empty() => {
            let failure = failure.in_lang(visitor.lang);
            (StatusCode::CONFLICT, for_script(&json!({ "words": failure.message }))).into_response()
        }
        kept => shown(&visitor, kept),
    }
}

async fn kept(visitor: &Visitor, id: &str, code: &str, typed: &Typed) -> Result<Response, Failure> {
    let draft = drafted(visitor, id).await?;
    let section = section(&draft, code)?;
    let more = first(typed, "more");
    if !more.bytes().all(is_of_path) {
        return Err(Failure::not_found(&harmless(more)));
    }
    let fields = fields(typed);
    let mut written = draft.document.clone();
    // What is no field of this section is nobody's answer.
    let kind = written.kind;
    let mut keeps = |path: &str, text: &str| {
        drafting::is_typed(kind, section, path) && drafting::write(&mut written, path, text).is_ok()
    };
    let fields: Typed = fields.into_iter().filter(|(path, text)| keeps(path, text)).collect();
    drafting::close_gaps(&mut written);
    let autosave = !first(typed, "autosave").is_empty();
    // What would change nothing undoes nobody's work.
    let elsewhere = first(typed, "revision") != draft.revision && written.fields != draft.document.fields;
    if elsewhere && autosave {
        return Err(Failure::said(CHANGED, exit::CONFLICT, "fail-draft-changed", &[]));
    }
    if elsewhere {
        let look = Look::default();
        let page = page(visitor, &draft, &written, section, &look, true)?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let mut words = vec!["drafts".to_owned(), "set".to_owned(), draft.id.clone(), "--as-typed".to_owned()];
    words.push(format!("--revision={}", draft.revision));
    let remove = first(typed, "remove");
    if !remove.is_empty() {
        words.push(format!("--remove={remove}"));
    }
    words.push("--".to_owned());
    words.extend(fields.into_iter().map(|(path, text)| format!("{path}={text}")));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = visitor.values(&words).await?;
    if autosave {
        let revision = done.first().map_or("", |v| text(v, "revision"));
        let saved = visitor.lang.fill("draft-saved", &[("time", &hour())]);
        return Ok(for_script(&json!({ "revision": revision, "words": saved })));
    }
    onward(visitor, &draft.id, section, typed).await
}

/// What the script of the page reads.
fn for_script(said: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], said.to_string()).into_response()
}

/// Where it goes on after something was kept.
async fn onward(
    visitor: &Visitor,
    id: &str,
    section: SectionCode,
    typed: &Typed,
) -> Result<Response, Failure> {
    let here = format!("/draft/{id}/{}", section.to_string().to_lowercase());
    if let Ok(lang) = first(typed, "speak").parse::<Lang>() {
        return Ok(in_language(Redirect::to(&here).into_response(), lang));
    }
    let more = first(typed, "more");
    if !more.is_empty() {
        let draft = drafted(visitor, id).await?;
        let stand = drafting::stands(&draft.document, more).and_then(Value::as_array).map_or(0, Vec::len);
        let address = format!("{here}?more={}#{}", encoded(more), id_of(&format!("{more}[{stand}]")));
        return Ok(Redirect::to(&address).into_response());
    }
    if !first(typed, "remove").is_empty() {
        return Ok(Redirect::to(&here).into_response());
    }
    if first(typed, "go") == "later" {
        return Ok(Redirect::to(&format!("/draft/{id}")).into_response());
    }
    let draft = drafted(visitor, id).await?;
    if draft.lacking(section).is_empty() {
        return Ok(Redirect::to(&format!("/draft/{id}#{section}")).into_response());
    }
    Ok(Redirect::to(&format!("{here}?wrong=yes#errors")).into_response())
}

/// Whether this may stand in the path of a field. Nothing else gets into an address.
fn is_of_path(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-[]".contains(&b)
}

/// A path in an address: its brackets are no letters there.
fn encoded(path: &str) -> String {
    let plain = path.bytes().filter(|b| is_of_path(*b));
    plain.map(char::from).collect::<String>().replace('[', "%5B").replace(']', "%5D")
}

/// What was typed, one value for each path, why there is none first: whoever says something has an answer.
fn fields(typed: &Typed) -> Typed {
    let mut fields: Typed = Vec::new();
    for (path, value) in typed.iter().filter(|(path, _)| !OF_THE_FORM.contains(&path.as_str())) {
        match fields.iter_mut().find(|(known, _)| known == path) {
            Some((_, known)) if known.is_empty() => known.clone_from(value),
            Some((_, known)) if !value.is_empty() => {
                known.push(',');
                known.push_str(value);
            }
            Some(_) => {}
            None => fields.push((path.clone(), value.clone())),
        }
    }
    fields.sort_by_key(|(path, _)| !path.ends_with(NIL));
    fields
}

fn section(draft: &Drafted, code: &str) -> Result<SectionCode, Failure> {
    drafting::sheets(draft.document.kind)
        .into_iter()
        .find(|section| section.to_string().to_lowercase() == code)
        .ok_or_else(|| Failure::not_found(&harmless(code)))
}

fn page(
    visitor: &Visitor,
    draft: &Drafted,
    document: &Document,
    section: SectionCode,
    look: &Look,
    elsewhere: bool,
) -> Result<Response, Failure> {
    let lang = visitor.lang;
    let items = drafting::sheet(document, section, &look.more);
    let wanted = look.wrong == "yes" && !elsewhere;
    let lacks = if wanted { draft.lacking(section) } else { Vec::new() };
    let (lines, wrong) = lines::lines(document, &items, &lacks, lang);
    Ok(draw(&Sheet {
        frame: visitor.frame("drafts")?,
        id: draft.id.clone(),
        code: section.to_string().to_lowercase(),
        title: labels::section(lang, section),
        notice: if section.to_string() == "CNS" { basis(document, lang) } else { String::new() },
        revision: draft.revision.clone(),
        lines,
        wrong,
        elsewhere,
    }))
}

/// On what the referral rests, where it is asked for consent.
fn basis(document: &Document, lang: Lang) -> String {
    match document.fields.get("legal_basis").and_then(Value::as_str) {
        Some("consent") => lang.text("draft-basis-consent"),
        Some(basis) => lang.fill("draft-basis-other", &[("basis", &labels::code_of(lang, "CL-LB", basis))]),
        None => lang.text("draft-basis-open"),
    }
}
