//! Every page in a language that nobody speaks: what a page says without asking the words of a language for it is found here.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use tower::ServiceExt as _;

use super::*;
use crate::api::tests::{Scene, thread};
use crate::lang::{CLOSES, OPENS};
use crate::registers::{borders, countries, languages};

/// Pages of an open home without gaps in their address, beside those of a case and a draft.
const OPEN: &[&str] = &[
    "/board",
    "/inbox",
    "/inbox?view=unread",
    "/inbox?view=answer",
    "/inbox?view=mine",
    "/inbox?view=unassigned",
    "/inbox?view=overdue",
    "/inbox?view=closed",
    "/sent",
    "/alert",
    "/tasks",
    "/organisations",
    "/search",
    "/statistics",
    "/log",
    "/settings",
    "/settings/diagnostics",
    "/settings/devices",
    "/settings/keys",
    "/settings/backup",
    "/settings/hours",
    "/settings/staff",
    "/settings/roster",
    "/settings/templates",
    "/recovery",
    "/recovery/confirm",
    "/new",
    "/drafts",
    "/help",
    "/begin/code",
    "/begin/compare",
];
/// Addresses that are no page, or that this home does not have.
const NO_PAGES: &[&str] = &[
    "/",
    "/begin",
    "/begin/restore",
    "/begin/restored",
    "/events",
    "/registrar",
    // Asks the relay.
    "/settings/devices/joining",
    "/statistics.csv",
    "/assets/app.css",
    "/assets/app.js",
    "/assets/icon.svg",
];
/// Kinds that are begun from a card.
const KINDS: &[&str] = &["missing-person", "border-alert", "victim-handoff", "identity-check"];
/// What is the same in every language: the program, this organisation, its languages, units, names of formats and of standards.
const SAME: &[&str] = &[
    "Causeway",
    "Border Police",
    "SHA",
    "UTC",
    "KB",
    "MB",
    "GB",
    "CSV",
    "JSON",
    "PDF",
    "MIT OR Apache-2.0",
    "Europe/Berlin",
];
const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Attributes that people read or hear.
const READ: &[&str] = &[
    "aria-label",
    "title",
    "alt",
    "placeholder",
    "data-label",
    "data-words",
    "data-urgent",
    "data-failed",
    "data-look",
    "data-as-what",
    "data-unshown",
];

#[tokio::test]
async fn no_page_says_anything_but_in_the_language_of_whoever_looks() {
    let mut found = Vec::new();
    let mut look = async |site: &Looker, path: &str| found.extend(site.look(path).await);
    let mut site = Looker::new().await;
    // The door, the first steps, and the lock of a home that is there: what this one has is in memory.
    look(&site, "/").await;
    site.enter().await;
    look(&site, "/begin").await;
    look(&site, "/begin/restore").await;
    std::fs::create_dir(site.scene.site.daemon.folder().join("vault")).unwrap();
    look(&site, "/").await;
    site.trust().await;
    site.fill().await;
    for path in OPEN {
        look(&site, path).await;
    }
    for page in site.pages_of_cases_and_drafts().await {
        look(&site, &page).await;
    }
    assert!(found.is_empty(), "{} texts are in no language:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_address_of_the_router_is_walked() {
    let source = include_str!("../web.rs");
    let paths = source.split(".route(").skip(1).filter(|route| {
        let end = route.find(".route(").unwrap_or(route.len());
        route[..end].contains("get(")
    });
    for path in paths.filter_map(|route| route.split('"').nth(1)).filter(|path| !path.contains('{')) {
        assert!(OPEN.contains(&path) || NO_PAGES.contains(&path), "{path} is walked by nobody");
    }
}

/// A browser at a site whose home is in memory.
struct Looker {
    scene: Scene,
    router: Router,
    cookies: String,
}

impl Looker {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let router = router(&scene.site);
        Self { scene, router, cookies: format!("{}={}", pages::LANGUAGE, Lang::Pseudo.tag()) }
    }

    /// Comes in as whoever has typed the code of the terminal.
    async fn enter(&mut self) {
        let mut door = self.scene.site.door.lock().await;
        let code = door.terminal_code(now(), &mut crate::test_rng(3));
        let mut codes = self.scene.site.codes.lock().await;
        let Ok(cookie) = door.enter(&code, now(), &mut crate::test_rng(4), &mut codes) else {
            panic!("the code is good")
        };
        self.cookies = format!("{}; {}", self.cookies, cookie.split(';').next().unwrap());
    }

    /// As whoever has given the passphrase.
    async fn trust(&self) {
        let mut door = self.scene.site.door.lock().await;
        let session = door.session().unwrap();
        assert!(door.trust(session));
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (Response<Body>, String) {
        let place = &self.scene.site.place;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, place.host())
            .header(header::ORIGIN, place.origin())
            .header(header::COOKIE, &self.cookies)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "navigate")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (Response::from_parts(parts, Body::empty()), String::from_utf8(body.to_vec()).unwrap())
    }

    async fn page(&self, path: &str) -> String {
        let (answer, body) = self.ask("GET", path, "").await;
        assert_eq!(answer.status().as_u16(), 200, "{path}: {body}");
        body
    }

    /// What a page says in no language.
    async fn look(&self, path: &str) -> Vec<String> {
        let page = self.page(path).await;
        let read = texts(&page);
        assert!(read.iter().any(|text| text.contains(OPENS)), "{path} says nothing");
        let wrong = read.iter().map(|text| unmarked(text)).filter(|text| is_words(text));
        let mut wrong: Vec<String> = wrong.map(|text| format!("{path}: {}", text.trim())).collect();
        wrong.dedup();
        wrong
    }

    /// Something of what pages show.
    async fn fill(&self) {
        for (number, work) in [(1, "sent"), (2, "accepted")] {
            self.scene.put(&thread(number, work)).await;
        }
        for (path, body) in
            [("/settings/staff", "number=7&role=supervisor"), ("/settings/staff/me", "number=7")]
        {
            let (answer, body) = self.ask("POST", path, body).await;
            assert!(answer.status().is_redirection() || answer.status().is_success(), "{path}: {body}");
        }
        for kind in KINDS {
            let (answer, body) = self.ask("POST", "/new", &format!("kind={kind}")).await;
            assert!(answer.headers().contains_key(header::LOCATION), "{kind}: {body}");
        }
    }

    /// All pages below those that lists lead to.
    async fn pages_of_cases_and_drafts(&self) -> std::collections::BTreeSet<String> {
        let mut found = std::collections::BTreeSet::new();
        for list in ["/inbox", "/drafts"] {
            let lead = links(&self.page(list).await);
            assert!(!lead.is_empty(), "{list} leads nowhere");
            for page in lead {
                found.extend(links(&self.page(&page).await));
                found.insert(page);
            }
        }
        found
    }
}

/// Where a page leads: cases and drafts.
fn links(page: &str) -> Vec<String> {
    let all = page.split(" href=\"").skip(1).filter_map(|rest| rest.split(['"', '#', '?']).next());
    all.filter(|path| path.starts_with("/item/") || path.starts_with("/draft/")).map(str::to_owned).collect()
}

/// What people read of a page, or hear.
fn texts(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        found.push(text);
        for name in READ {
            let value = tag.split(&format!(" {name}=\"")).nth(1);
            found.extend(value.and_then(|value| value.split('"').next()));
        }
    }
    found.into_iter().map(unescaped).collect()
}

fn unescaped(text: &str) -> String {
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

/// What stands outside of the marks.
fn unmarked(text: &str) -> String {
    let mut depth = 0_u32;
    let outside = text.chars().filter(|sign| {
        let before = depth;
        depth = match *sign {
            OPENS => depth + 1,
            CLOSES => depth.saturating_sub(1),
            _ => depth,
        };
        before == 0 && depth == 0
    });
    outside.collect()
}

/// Whether somebody has written this: no number, no name of a register, no name that is the same everywhere.
fn is_words(text: &str) -> bool {
    let text = SAME.iter().fold(text.trim().to_owned(), |text, same| text.replace(same, ""));
    let is_registered = |name: &str| {
        countries::all().iter().any(|one| one.name(Lang::En) == name)
            || languages::all().iter().any(|one| one.name(Lang::En) == name || one.own == name)
            || borders::all().iter().any(|one| one.name(Lang::En) == name)
    };
    if is_registered(&text)
        || text
            .split([',', '(', ')'])
            .map(str::trim)
            .filter(|part| !part.chars().all(char::is_uppercase))
            .all(is_registered)
    {
        return false;
    }
    let words = text.split(|sign: char| !sign.is_alphanumeric());
    let is_number = |word: &str| word.bytes().all(|b| b.is_ascii_hexdigit()) && word.len() >= 8;
    let mut words =
        words.filter(|word| word.chars().count() > 1 && !word.chars().any(|sign| sign.is_numeric()));
    words.any(|word| !is_number(word) && !MONTHS.contains(&word))
}

#[test]
fn the_marks_are_seen() {
    let page =
        "<p>⟦Saved at ⟦noon⟧⟧ by hand</p><a title=\"Look\">⟦x⟧</a><b>12 Nov 2026</b><option>Moldova</option>";
    let found: Vec<String> =
        texts(page).iter().map(|text| unmarked(text)).filter(|text| is_words(text)).collect();
    assert_eq!(found, [" by hand", "Look"]);
}
