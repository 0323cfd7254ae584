use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Builder;
use axum::routing::{get, post};
use tower::ServiceExt as _;

use super::*;

const ID: &str = "k7q2x3w4d5m6n7p2q3r4";
const PORT: u16 = 18081;
const OURS: &str = "k7q2x3w4d5m6n7p2q3r4.localhost:18081";
const ORIGIN_OURS: &str = "http://k7q2x3w4d5m6n7p2q3r4.localhost:18081";
const COOKIE_OURS: &str = "__Host-s=00";

fn place() -> Place {
    Place { id: ID.into(), port: PORT }
}

fn pages() -> Router {
    let careless = [
        ("access-control-allow-origin", "*"),
        ("cache-control", "public"),
        ("referrer-policy", "unsafe-url"),
    ];
    let router = Router::new()
        .route("/", get(async || "first page"))
        .route("/case", get(async || "case").post(async || "done"))
        .route("/app.js", get(async || "static"))
        .route("/careless", get(async move || (careless, "")))
        .route("/file", get(async || ([(CONTENT_SECURITY_POLICY, "sandbox")], "")))
        .route("/body", post(async |body: Bytes| body.len().to_string()));
    guarded(router, Router::new(), &place())
}

/// A request as a browser writes it, with the headers that are not empty.
fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
    let with = |builder: Builder, (name, value): &(&str, &str)| {
        if value.is_empty() { builder } else { builder.header(*name, *value) }
    };
    headers.iter().fold(Request::builder().method(method).uri(path), with).body(Body::empty()).unwrap()
}

async fn answer(request: Request) -> Response {
    pages().oneshot(request).await.unwrap()
}

async fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    answer(asked(method, path, headers)).await.status().as_u16()
}

/// Every row of what was measured with Chromium, asked of us: what, host, origin, site, mode, cookie, and what must come of it.
#[tokio::test]
async fn what_browsers_send_for_others_gets_nothing() {
    let (post, get) = ("POST /case", "GET /case");
    let (first, script) = ("GET /", "GET /app.js");
    let (by_number, rebound) = ("127.0.0.1:18081", "evil.test:18081");
    let (in_, out) = (COOKIE_OURS, "");
    let rows = [
        // The same page, under the number: not a name of ours.
        (post, by_number, "http://127.0.0.1:18081", "same-origin", "cors", in_, 421),
        // A page of another port of the number posts: to the number, and to our name.
        (post, by_number, "http://127.0.0.1:18082", "same-site", "cors", in_, 421),
        (post, OURS, "http://127.0.0.1:18082", "cross-site", "cors", out, 403),
        // A page of another port of our own name, whose cookie comes along.
        (post, OURS, "http://k7q2x3w4d5m6n7p2q3r4.localhost:18082", "same-site", "navigate", in_, 403),
        (get, OURS, "", "same-site", "navigate", in_, 403),
        (script, OURS, "", "same-site", "no-cors", in_, 403),
        // Somebody visits the number or a neighbour's name, at our port.
        (get, by_number, "", "none", "navigate", in_, 421),
        (get, "localhost:18081", "", "none", "navigate", out, 421),
        (get, "app2.localhost:18081", "", "none", "navigate", out, 421),
        (script, by_number, "", "none", "navigate", out, 421),
        // A page of the net posts, or loads things.
        (post, by_number, "http://evil.test", "cross-site", "cors", out, 421),
        (post, OURS, "http://evil.test", "cross-site", "cors", out, 403),
        (post, OURS, "null", "cross-site", "navigate", out, 403),
        (get, OURS, "http://evil.test", "cross-site", "cors", out, 403),
        (script, OURS, "", "cross-site", "no-cors", out, 403),
        // It is rebound to us: no word of where it comes from, and an origin that is its own host.
        (post, rebound, "http://evil.test:18081", "", "", out, 421),
        (post, rebound, "http://evil.test:18081", "same-origin", "cors", out, 421),
        (get, rebound, "", "", "", out, 421),
        (first, rebound, "", "", "", out, 421),
        (script, rebound, "", "", "", out, 421),
        ("OPTIONS /case", rebound, "http://evil.test:18081", "", "", out, 421),
        ("GET /no-such-page", rebound, "", "", "", out, 421),
        // Our own page.
        (post, OURS, ORIGIN_OURS, "same-origin", "navigate", in_, 200),
        (post, OURS, ORIGIN_OURS, "same-origin", "cors", in_, 200),
        (get, OURS, "", "same-origin", "navigate", in_, 200),
        (get, OURS, "", "none", "navigate", in_, 200),
        (script, OURS, "", "same-origin", "no-cors", in_, 200),
        (first, OURS, "", "none", "navigate", out, 200),
        // Pages of localhost and of a neighbour's name post.
        (post, OURS, "http://localhost:18082", "cross-site", "cors", out, 403),
        (post, OURS, "http://app2.localhost:18082", "cross-site", "cors", out, 403),
        // Somebody visits our name at another port, and that request is passed on to ours.
        (get, "k7q2x3w4d5m6n7p2q3r4.localhost:18082", "", "none", "navigate", in_, 421),
    ];
    for row in rows {
        let (what, host, origin, site, mode, cookie, wanted) = row;
        let (method, path) = what.split_once(' ').unwrap();
        let headers = [
            ("host", host),
            ("origin", origin),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("cookie", cookie),
        ];
        assert_eq!(status(method, path, &headers).await, wanted, "{row:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_exactly_ours_is_answered_with_nothing() {
    let longer = format!("{OURS}0");
    let names = [
        "",
        "localhost",
        "localhost:18081",
        "127.0.0.1:18081",
        "[::1]:18081",
        "k7q2x3w4d5m6n7p2q3r4.localhost",
        "k7q2x3w4d5m6n7p2q3r4.localhost.:18081",
        "k7q2x3w4d5m6n7p2q3r4.localhost:018081",
        "K7q2x3w4d5m6n7p2q3r4.localhost:18081",
        "a.k7q2x3w4d5m6n7p2q3r4.localhost:18081",
        "k7q2x3w4d5m6n7p2q3r4.localhost.evil.test:18081",
        "x@k7q2x3w4d5m6n7p2q3r4.localhost:18081",
        "k7q2x3w4d5m6n7p2q3r4.localhost:18081, evil.test",
        &longer,
    ];
    for name in names {
        for what in ["GET /", "POST /case", "GET /app.js", "PUT /none", "HEAD /", "TRACE /"] {
            let (method, path) = what.split_once(' ').unwrap();
            let answer = answer(asked(method, path, &[("host", name)])).await;
            assert_eq!(answer.status(), 421, "{what} of {name}");
            assert!(to_bytes(answer.into_body(), 1).await.unwrap().is_empty(), "{what} of {name}");
        }
    }
}

#[tokio::test]
async fn a_request_names_us_once_and_everywhere_the_same() {
    for hosts in [["evil.test", OURS], [OURS, "evil.test"], [OURS, OURS]] {
        assert_eq!(status("GET", "/", &hosts.map(|host| ("host", host))).await, 421, "{hosts:?}");
    }
    let absolute = [
        (format!("{ORIGIN_OURS}/case"), OURS, 200),
        (format!("{ORIGIN_OURS}/case"), "evil.test", 421),
        (format!("{ORIGIN_OURS}/case"), "", 421),
        ("http://evil.test:18081/case".into(), OURS, 421),
        (format!("http://x@{OURS}/case"), OURS, 421),
        (format!("https://{OURS}/case"), OURS, 421),
    ];
    for (target, host, wanted) in absolute {
        assert_eq!(status("GET", &target, &[("host", host)]).await, wanted, "{target} at {host}");
    }
    assert_eq!(status("CONNECT", "evil.test:443", &[("host", OURS)]).await, 421);
}

/// Method and path, headers, the answer with a cookie, the answer without.
type Row = (&'static str, &'static [(&'static str, &'static str)], u16, u16);

/// Where a request comes from, by what its browser says: each line once with the cookie and once without.
#[tokio::test]
async fn who_is_in_comes_from_our_pages() {
    let rows: [Row; 14] = [
        ("GET /case", &[], 403, 200),
        ("GET /case", &[("origin", ORIGIN_OURS)], 200, 200),
        ("GET /case", &[("origin", "http://evil.test")], 403, 200),
        ("GET /case", &[("origin", ORIGIN_OURS), ("origin", "http://evil.test")], 403, 200),
        ("POST /case", &[], 403, 200),
        ("POST /case", &[("origin", ORIGIN_OURS)], 200, 200),
        ("POST /case", &[("origin", "http://evil.test")], 403, 403),
        ("GET /case", &[("sec-fetch-site", "something-new")], 403, 403),
        ("GET /case", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], 403, 403),
        ("GET /", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200, 200),
        ("GET /", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")], 200, 200),
        ("GET /", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403, 403),
        ("HEAD /", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 403, 403),
        ("GET /case", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 403, 403),
    ];
    for (what, headers, with, without) in rows {
        let (method, path) = what.split_once(' ').unwrap();
        let mut sent = vec![("host", OURS)];
        sent.extend_from_slice(headers);
        assert_eq!(status(method, path, &sent).await, without, "{what} {headers:?}");
        sent.push(("cookie", "__Host-s=not even hexadecimal"));
        assert_eq!(status(method, path, &sent).await, with, "{what} {headers:?} with a cookie");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let evil = [("host", OURS), ("sec-fetch-site", "cross-site")];
    let long = (LONGEST_BODY + 1).to_string();
    let large = [("host", OURS), ("content-length", long.as_str())];
    let requests: [(u16, Request); 9] = [
        (200, asked("GET", "/", &[("host", OURS)])),
        (200, asked("GET", "/app.js", &[("host", OURS)])),
        (200, asked("GET", "/careless", &[("host", OURS)])),
        (404, asked("GET", "/none", &[("host", OURS)])),
        (405, asked("DELETE", "/case", &[("host", OURS)])),
        (421, asked("GET", "/", &[("host", "evil.test")])),
        (403, asked("GET", "/case", &evil)),
        (403, asked("POST", "/case", &evil)),
        (413, asked("POST", "/body", &large)),
    ];
    for (wanted, request) in requests {
        let answer = answer(request).await;
        assert_eq!(answer.status(), wanted);
        let said = |name: &str| {
            let values: Vec<_> = answer.headers().get_all(name).iter().map(|v| v.to_str().unwrap()).collect();
            values.join(" AND ")
        };
        assert_eq!(
            said("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; \
             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
        assert_eq!(said("cache-control"), "no-store");
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert_eq!(said("referrer-policy"), "no-referrer");
        assert_eq!(said("cross-origin-opener-policy"), "same-origin");
        assert_eq!(said("cross-origin-resource-policy"), "same-origin");
        let permissions = said("permissions-policy");
        for feature in ["camera=()", "microphone=()", "geolocation=()", "usb=()", "clipboard-read=()"] {
            assert!(permissions.split(", ").any(|one| one == feature), "{feature}: {permissions}");
        }
        assert!(permissions.contains("publickey-credentials-get=(self)"));
        let shares = |name: &HeaderName| name.as_str().starts_with("access-control-");
        assert!(!answer.headers().keys().any(shares), "{wanted} lets others read it");
    }
}

#[tokio::test]
async fn a_page_may_forbid_itself_more_and_not_less() {
    let answer = answer(asked("GET", "/file", &[("host", OURS)])).await;
    let policies: Vec<_> = answer.headers().get_all(CONTENT_SECURITY_POLICY).iter().collect();
    assert_eq!(policies, ["sandbox", POLICY]);
}

#[tokio::test]
async fn a_body_has_an_end() {
    for (length, wanted) in [(LONGEST_BODY, 200), (LONGEST_BODY + 1, 413)] {
        // No `Content-Length` says so beforehand: it is counted as it comes.
        let body = Body::from(vec![b'x'; length]);
        let mut request = asked("POST", "/body", &[("host", OURS)]);
        *request.body_mut() = body;
        let answer = answer(request).await;
        assert_eq!(answer.status(), wanted, "{length}");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up() {
    let router = Router::new().route("/", get(std::future::pending::<()>));
    let guarded = guarded_within(router, Router::new(), &place(), Duration::from_millis(20));
    let answer = guarded.oneshot(asked("GET", "/", &[("host", OURS)]));
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("given up").unwrap();
    assert_eq!(answer.status(), 408);
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    assert!(LONGEST_ANSWER > Duration::from_secs(10), "a passphrase takes seconds");
}

#[tokio::test]
async fn whoever_looks_gets_a_page_in_their_language_and_a_script_the_bare_answer() {
    let slow = Router::new()
        .route("/slow", get(std::future::pending::<()>))
        .route("/form", post(async |_: axum::Form<Vec<(String, u8)>>| ""))
        .route("/list", get(async |_: axum::extract::Query<Vec<(String, u8)>>| ""));
    let pages = guarded_within(slow, Router::new(), &place(), Duration::from_millis(50));
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, path, header, status, code) in [
        ("GET", "/nowhere", ("x", ""), 404, "G-150"),
        ("POST", "/slow", ("x", ""), 405, "G-151"),
        ("GET", "/slow", ("x", ""), 408, "G-152"),
        ("POST", "/form", ("content-length", "99999999"), 413, "G-153"),
        ("GET", "/list?page=-1", ("x", ""), 400, "G-154"),
        ("POST", "/form", ("content-type", "text/plain"), 415, "G-154"),
        ("POST", "/form", form, 422, "G-154"),
    ] {
        for (accept, language, said) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", "ru", Some("Не получилось")),
            ("text/html", "en", Some("That did not work")),
            ("*/*", "en", None),
        ] {
            let head = [
                ("host", OURS),
                ("origin", ORIGIN_OURS),
                ("sec-fetch-site", "same-origin"),
                ("accept", accept),
                ("accept-language", language),
                header,
            ];
            let mut request = asked(method, path, &head);
            if header == form {
                *request.body_mut() = Body::from("a=words");
            }
            let answer = pages.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{path}");
            assert_eq!(answer.headers().contains_key("allow"), status == 405, "{path}");
            assert!(answer.headers().contains_key("content-security-policy"), "{path}");
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            match said {
                Some(said) => assert!(body.contains(said) && body.contains(code), "{path}: {body}"),
                None => assert!(!body.contains("<html"), "{path}: {body}"),
            }
        }
    }
}
