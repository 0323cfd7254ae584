//! What every request passes before a page is asked for, and what every answer carries.
//!
//! Pages of other origins reach a server on this machine as easily as ours do; what tells them apart is the name they ask for, what
//! the browser says of where a request comes from, and what our answers forbid. From the outside in:
//!
//! 1. the name: exactly ours. A foreign name that was pointed at 127.0.0.1 after its page had loaded ("rebound") is for the
//!    browser the same origin as that page: no `Sec-Fetch-Site`, an `Origin` that equals `Host`. Only the name gives it away;
//! 2. headers on every answer, whatever it is;
//! 3. what changes something comes from our pages ([`CsrfLayer`]);
//! 4. who is in comes from our pages, and nobody else's page loads anything but the first page, as a whole;
//! 5. bounds.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use causeway_common::limits::ATTACHMENT_BYTES_MAX;
use subtle::ConstantTimeEq as _;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::door::cookie;
use super::odd;
use super::pages::language;
use super::place::Place;

/// 1 MiB: the longest form has some 200 fields, the longest of them some thousand characters of two bytes, each of which takes three in a
/// form: 200 kB. Five times that.
pub(crate) const LONGEST_BODY: usize = 1 << 20;
/// 30 s until the head of an answer: the slowest honest one is the passphrase's, two or three seconds on an old machine, ten of which may wait for
/// each other. Streams that stay open are not cut: their head is there at once.
pub(crate) const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// 1 GiB and 1 MiB: the largest file of evidence, with the form around it. It passes through, and never stands in memory.
pub(crate) const LONGEST_UPLOAD: u64 = ATTACHMENT_BYTES_MAX + LONGEST_BODY as u64;
/// 10 min for a file that is brought in: 1 GiB from a memory stick of 2 MB a second takes nine.
const LONGEST_UPLOAD_TIME: Duration = Duration::from_secs(600);

/// What a page may load: its own things. Nothing inline, nothing from elsewhere, in nobody's frame, no text made into code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// What a page may use of the machine: the security key, and the sound of an alarm that nobody has clicked for. Only what Chromium
/// 156 knows is named: it complains of anything else on every page.
const PERMISSIONS: &str = "accelerometer=(), camera=(), clipboard-read=(), clipboard-write=(), \
    display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), \
    identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), \
    otp-credentials=(), payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), storage-access=(), \
    usb=(), window-management=(), xr-spatial-tracking=(), autoplay=(self), \
    publickey-credentials-create=(self), publickey-credentials-get=(self)";

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// On every answer, in place of whatever a page has said.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
];

/// These pages behind all guards. Pages that are added to what comes back are behind none: this is the last step.
/// `uploads` take what is longer than a form.
pub(crate) fn guarded(router: Router, uploads: Router, place: &Place) -> Router {
    guarded_within(router, uploads, place, LONGEST_ANSWER)
}

fn guarded_within(router: Router, uploads: Router, place: &Place, longest_answer: Duration) -> Router {
    let bounded = |router: Router, body: u64, time: Duration| {
        router
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, time))
            .layer(RequestBodyLimitLayer::new(usize::try_from(body).unwrap_or(usize::MAX)))
    };
    let (host, origin) = (place.host(), place.origin());
    let from_ours = middleware::from_fn(move |request: Request, next: Next| {
        let passes = comes_from_ours(&request, &origin);
        async move { if passes { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() } }
    });
    let names_us = middleware::from_fn(move |request: Request, next: Next| {
        let passes = names(&request, &host);
        async move {
            if passes {
                next.run(request).await
            } else {
                hardened(StatusCode::MISDIRECTED_REQUEST.into_response())
            }
        }
    });
    // From the inside out.
    bounded(router, LONGEST_BODY as u64, longest_answer)
        .merge(bounded(uploads, LONGEST_UPLOAD, LONGEST_UPLOAD_TIME).layer(middleware::from_fn(in_words)))
        .layer(middleware::from_fn(odd::as_page))
        .layer(from_ours)
        .layer(CsrfLayer::new())
        .layer(middleware::map_response(async |answer: Response| hardened(answer)))
        .layer(names_us)
}

/// What is longer than anything that is taken is refused in words.
async fn in_words(request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    let answer = next.run(request).await;
    if answer.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return answer;
    }
    let most = (ATTACHMENT_BYTES_MAX / 1_000_000).to_string();
    let words = lang.fill("upload-too-long", &[("max", &most)]);
    (StatusCode::PAYLOAD_TOO_LARGE, words).into_response()
}

/// Whether a request asks for this name and no other, in every place where it can name one. The name is a secret: how long the
/// comparison takes says nothing of it.
fn names(request: &Request, host: &str) -> bool {
    let is_ours = |name: &[u8]| bool::from(name.ct_eq(host.as_bytes()));
    only(request.headers(), &HOST).is_some_and(is_ours)
        && request.uri().authority().is_none_or(|authority| is_ours(authority.as_str().as_bytes()))
        && request.uri().scheme_str().is_none_or(|scheme| scheme == "http")
}

/// Whether a request may be answered, by what the browser says of where it comes from.
fn comes_from_ours(request: &Request, origin: &str) -> bool {
    let headers = request.headers();
    if headers.contains_key(SITE) {
        return match only(headers, &SITE) {
            Some(b"same-origin" | b"none") => true,
            // Somebody has followed a link to us: the first page, as a whole, or nothing.
            Some(b"same-site" | b"cross-site") => {
                request.method() == Method::GET
                    && only(headers, &MODE) == Some(b"navigate")
                    && request.uri().path() == "/"
            }
            _ => false,
        };
    }
    // A browser that says nothing of the kind: its word for a page that is in is the origin.
    !cookie::is_presented(headers) || only(headers, &ORIGIN) == Some(origin.as_bytes())
}

/// The value of a header that is there once. Twice is a contradiction that every reader resolves in another way.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// An answer with the headers of all answers.
fn hardened(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    // Nobody else's page ever reads an answer of ours, whatever a page may have said by mistake.
    let sharing: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in sharing {
        headers.remove(name);
    }
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    // A page may forbid itself more (a file that is handed out does): browsers enforce both.
    headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

#[cfg(test)]
mod tests;
