//! Webhooks: addresses to which each event is posted, signed after the Standard Webhooks specification. An event says nothing of a
//! case; who wants to know more asks with a token.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use causeway_common::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use zeroize::Zeroizing;

use super::deliveries::{self, Outcome};
use crate::cli::failure::{Failure, exit};
use crate::engine::Engine;
use crate::events::{Event, consumers};
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"webhook";
/// Webhooks of a home. Each costs a connection for each event.
const WEBHOOKS_MAX: usize = 16;
/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 512;
/// Longest file with certificates: some fifty of them.
pub(crate) const CA_BYTES_MAX: usize = 128 * 1024;
/// How secrets are written: the prefix of the specification.
const SECRET_MARK: &str = "whsec_";
/// A receiver has this long to answer. It is to put the event away and answer, not to work.
const PATIENCE: Duration = Duration::from_secs(15);
/// To find it and connect.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// An address that gets events.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    /// Its number.
    pub(crate) id: [u8; 4],
    /// Where.
    pub(crate) url: String,
    /// What signs: both sides know it.
    secret: [u8; 32],
    /// Certificates of those who may vouch for it, DER; empty: those of this machine.
    roots: Vec<Vec<u8>>,
    /// When it was added.
    pub(crate) created: Timestamp,
}
no_content_in_debug!(Webhook);

impl Webhook {
    /// Its number, for people.
    pub(crate) fn number(&self) -> String {
        hex::encode(self.id)
    }

    /// The name of its place in the log.
    pub(super) fn target(&self) -> String {
        format!("webhook:{}", self.number())
    }
}

fn key(id: &[u8; 4]) -> Vec<u8> {
    [PREFIX, id].concat()
}

/// All webhooks.
pub(crate) fn all(vault: &Vault) -> Result<Vec<Webhook>, RecordError> {
    let range = (Bound::Included(PREFIX), Bound::Unbounded);
    let mut all: Vec<Webhook> = Vec::new();
    for id in vault.ids(Tree::Programs, range, WEBHOOKS_MAX, |id| id.starts_with(PREFIX)) {
        all.extend(records::read(vault, Tree::Programs, &id)?);
    }
    all.sort_by_key(|webhook| (webhook.created, webhook.id));
    Ok(all)
}

/// Adds a webhook and gives its secret out, this once. `ca` is PEM.
pub(crate) async fn add(
    engine: &Engine,
    url: &str,
    ca: Option<&[u8]>,
) -> Result<(Webhook, Zeroizing<String>), Failure> {
    if !is_allowed(url) {
        return Err(Failure::said("J-120", exit::INVALID, "fail-webhook-address", &[]));
    }
    if all(&engine.vault)?.len() >= WEBHOOKS_MAX {
        let gaps = [("max", &*WEBHOOKS_MAX.to_string())];
        return Err(Failure::said("J-121", exit::REFUSED, "fail-webhooks", &gaps));
    }
    let roots = ca.map_or_else(|| Some(Vec::new()), certificates);
    let roots = roots.ok_or_else(|| Failure::said("J-122", exit::INVALID, "fail-webhook-ca", &[]))?;
    let [a, b, c, d, ..] = engine.random().await;
    let now = engine.now();
    let webhook =
        Webhook { id: [a, b, c, d], url: url.to_owned(), secret: engine.random().await, roots, created: now };
    let secret = Zeroizing::new(format!("{SECRET_MARK}{}", STANDARD.encode(webhook.secret)));
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Programs, &key(&webhook.id), &webhook);
    crate::activity::append(&engine.vault, &mut changes, now, "added a webhook", None)?;
    engine.commit(changes).await?;
    Ok((webhook, secret))
}

/// Takes a webhook away, with its place and what waits for it.
pub(crate) async fn remove(engine: &Engine, number: &str) -> Result<Webhook, Failure> {
    let vault = &engine.vault;
    let found = all(vault)?.into_iter().find(|webhook| webhook.number() == number);
    let webhook = found.ok_or_else(|| Failure::not_found(number))?;
    let mut changes = Changes::default();
    changes.delete(Tree::Programs, &key(&webhook.id));
    consumers::forget(&mut changes, &webhook.target());
    deliveries::forget_all_of(vault, &mut changes, &webhook.target())?;
    crate::activity::append(vault, &mut changes, engine.now(), "took a webhook away", None)?;
    engine.commit(changes).await?;
    Ok(webhook)
}

/// https, or a port of this machine by its number. What is sent says when something happens, and nobody on the way is to know.
fn is_allowed(url: &str) -> bool {
    if url.len() > URL_BYTES_MAX {
        return false;
    }
    let Ok(uri) = url.parse::<Uri>() else { return false };
    // Nothing may stand before the host that people take for it.
    let Some(host) = uri.authority().filter(|at| !at.as_str().contains('@')).and_then(|_| uri.host()) else {
        return false;
    };
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_this_machine(host),
        _ => false,
    }
}

/// By number only: what a name leads to is for others to say.
fn is_this_machine(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    number.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The certificates of a PEM file; none if there are none.
fn certificates(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    if pem.len() > CA_BYTES_MAX {
        return None;
    }
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        if let ureq::tls::PemItem::Certificate(certificate) = item.ok()? {
            found.push(certificate.der().to_vec());
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Posts an event. It was taken if the answer is 2xx.
pub(super) async fn post(webhook: &Webhook, event: &Event, now: Timestamp) -> Outcome {
    let webhook = webhook.clone();
    let id = format!("evt_{}_{}", webhook.number(), event.seq);
    let data = event.to_json();
    let body = json!({ "type": event.what.as_str(), "timestamp": data["at"], "data": data }).to_string();
    let seconds = (now.0 / 1_000).to_string();
    let posting = tokio::task::spawn_blocking(move || {
        let signature = signature(&webhook.secret, &id, &seconds, body.as_bytes());
        let request = agent(&webhook)?
            .post(&webhook.url)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &seconds)
            .header("webhook-signature", &signature);
        request.send(body.as_bytes()).map(|answer| answer.status()).map_err(|error| word(&error))
    });
    match posting.await {
        Ok(Ok(status)) if status.is_success() => Outcome::Taken,
        Ok(Ok(status)) => Outcome::NotTaken(format!("http-{}", status.as_u16())),
        Ok(Err(why)) => Outcome::NotTaken(why.to_owned()),
        Err(_) => Outcome::NotTaken("failed".to_owned()),
    }
}

/// `v1,` and the HMAC-SHA256 over id, time and body (Standard Webhooks).
fn signature(secret: &[u8], id: &str, seconds: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256>>::new_from_slice(secret).expect("HMAC takes keys of any length");
    for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Goes to the address itself: no proxy of an environment, no other place that it sends us to.
fn agent(webhook: &Webhook) -> Result<ureq::Agent, &'static str> {
    let roots: Vec<Certificate<'static>> = if webhook.roots.is_empty() {
        let known = rustls_native_certs::load_native_certs().certs;
        known.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
    } else {
        webhook.roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build();
    let config = ureq::Agent::config_builder()
        .https_only(webhook.url.starts_with("https:"))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(PATIENCE))
        .timeout_connect(Some(CONNECT_PATIENCE))
        .tls_config(tls)
        .build();
    Ok(config.into())
}

/// Why there was no answer.
fn word(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "too-slow",
        ureq::Error::HostNotFound => "no-such-host",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "not-trusted",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "no-connection",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests;
