//! `causeway api`: programs of this machine.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::failure::Failure;
use super::home::Home;
use super::output::{harmless, print, print_list, text, time};
use crate::api::deliveries::{self, Delivery, State};
use crate::api::tokens::{self, DAYS_MAX, Scope, Token};
use crate::api::webhooks::{self, CA_BYTES_MAX, Webhook};
use crate::caller;
use crate::events::consumers::{self, Consumer};

/// How long a token is good for, unless somebody says otherwise.
const DAYS: u64 = 90;

#[derive(Debug, Subcommand)]
pub(crate) enum ApiCommand {
    /// Tokens: what a program shows, and what it may do by that.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Webhooks: addresses to which each event is posted.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Places in the log of events: how far each program has come.
    #[command(subcommand)]
    Consumers(ConsumersCommand),
    /// What became of events that were brought to hooks and webhooks.
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Print the OpenAPI document of the interface.
    Spec,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token. It is shown this once.
    Create {
        /// Which program; it stands in the activity log.
        #[arg(long)]
        name: String,
        /// What it may do: meta:read, content:read, draft:write, send, admin; separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        scope: Vec<Scope>,
        /// For how many days.
        #[arg(long, default_value_t = DAYS, value_parser = clap::value_parser!(u64).range(1..=DAYS_MAX))]
        days: u64,
    },
    /// All tokens; not what is shown.
    List,
    /// Take a token away.
    Revoke {
        /// Its number.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add an address: https, or http to a port of this machine by its number. Its secret is shown this once.
    Add {
        /// Where.
        url: String,
        /// File with the certificates of those who may vouch for it, PEM; otherwise those of this machine.
        #[arg(long)]
        ca: Option<PathBuf>,
    },
    /// All webhooks.
    List,
    /// Take a webhook away, with all that waits for it.
    Remove {
        /// Its number.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsumersCommand {
    /// All of them, with the token to which each belongs.
    List,
    /// Take the place of a program away. If it comes back, it gets everything that is kept.
    Remove {
        /// The place, as the list names it.
        place: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// What waits, and the last that were done or given up.
    List,
    /// Try again what waits or was given up.
    Retry {
        /// Its number.
        id: String,
    },
}

pub(crate) async fn run(command: ApiCommand, home: &Home) -> Result<(), Failure> {
    match command {
        ApiCommand::Token(command) => token(command, home).await,
        ApiCommand::Webhook(command) => webhook(command, home).await,
        ApiCommand::Consumers(command) => consumers(command, home).await,
        ApiCommand::Deliveries(command) => deliveries(command, home).await,
        // It needs no home and is printed before one is opened.
        ApiCommand::Spec => Ok(()),
    }
}

async fn token(command: TokenCommand, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    match command {
        TokenCommand::Create { name, scope, days } => {
            let (secret, token) = tokens::create(&home.engine, &name, &scope, days).await?;
            let mut value = token_json(&token, home);
            value["token"] = secret.as_str().into();
            print(home.json, value, |v| {
                let gaps =
                    [("token", text(v, "token")), ("id", text(v, "id")), ("until", text(v, "expires"))];
                lang.fill("api-token-made", &gaps)
            });
        }
        TokenCommand::List => {
            let tokens = tokens::all(&home.engine.vault)?;
            let values = tokens.iter().map(|token| token_json(token, home)).collect();
            print_list(home.json, values, &lang.text("api-token-none"), |v| {
                let scopes: Vec<&str> =
                    v["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let over = if v["expired"] == true {
                    format!("  {}", lang.text("api-token-over"))
                } else {
                    String::new()
                };
                let until = lang.fill("api-token-until", &[("until", text(v, "expires"))]);
                format!(
                    "{}  {}  {}  {until}{over}",
                    text(v, "id"),
                    harmless(text(v, "name")),
                    scopes.join(",")
                )
            });
        }
        TokenCommand::Revoke { id } => {
            let token = tokens::revoke(&home.engine, &id).await?;
            print(home.json, json!({ "id": token.number(), "revoked": true }), |_| {
                lang.fill("api-token-revoked", &[("name", &token.name)])
            });
        }
    }
    Ok(())
}

fn token_json(token: &Token, home: &Home) -> Value {
    json!({
        "id": token.number(),
        "name": token.name,
        "scopes": token.scopes(),
        "created": time(token.created),
        "expires": time(token.expires),
        "expired": token.is_over(home.engine.now()),
    })
}

async fn webhook(command: WebhookCommand, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    match command {
        WebhookCommand::Add { url, ca } => {
            let read = |path: &PathBuf| {
                let read = caller::read(path, CA_BYTES_MAX as u64 + 1);
                read.map_err(|error| Failure::unreadable(path, &error))
            };
            let ca = ca.as_ref().map(read).transpose()?;
            let added = webhooks::add(&home.engine, &url, ca.as_ref().map(|pem| pem.as_slice())).await?;
            let (webhook, secret) = added;
            let mut value = webhook_json(&webhook);
            value["secret"] = secret.as_str().into();
            print(home.json, value, |v| {
                let gaps = [("secret", text(v, "secret")), ("id", text(v, "id")), ("url", text(v, "url"))];
                lang.fill("api-webhook-added", &gaps)
            });
        }
        WebhookCommand::List => {
            let values = webhooks::all(&home.engine.vault)?.iter().map(webhook_json).collect();
            print_list(home.json, values, &lang.text("api-webhook-none"), |v| {
                format!("{}  {}  {}", text(v, "id"), harmless(text(v, "url")), text(v, "created"))
            });
        }
        WebhookCommand::Remove { id } => {
            let webhook = webhooks::remove(&home.engine, &id).await?;
            print(home.json, json!({ "id": webhook.number(), "removed": true }), |_| {
                lang.fill("api-webhook-removed", &[("url", &harmless(&webhook.url))])
            });
        }
    }
    Ok(())
}

fn webhook_json(webhook: &Webhook) -> Value {
    json!({ "id": webhook.number(), "url": webhook.url, "created": time(webhook.created) })
}

async fn consumers(command: ConsumersCommand, home: &Home) -> Result<(), Failure> {
    let (lang, vault) = (home.lang, &home.engine.vault);
    match command {
        ConsumersCommand::List => {
            let tokens = tokens::all(vault)?;
            let is_here = |number: &str| tokens.iter().any(|token| token.number() == number);
            let value = |consumer: &Consumer| {
                let (token, program, name) = consumers::parts(&consumer.name);
                let of_program = !consumers::is_target(&consumer.name);
                json!({
                    "place": consumer.name,
                    "token": (!token.is_empty()).then_some(token),
                    "program": (!program.is_empty()).then_some(program),
                    "consumer": of_program.then_some(name),
                    "revoked": of_program && !is_here(token),
                    "seq": consumer.seq,
                    "at": time(consumer.at),
                })
            };
            let values = consumers::all(vault)?.iter().map(value).collect();
            print_list(home.json, values, &lang.text("api-consumer-none"), |v| {
                let gone = if v["revoked"] == true { lang.text("api-consumer-gone") } else { String::new() };
                let line = format!("{}  {}  {}  {gone}", harmless(text(v, "place")), v["seq"], text(v, "at"));
                line.trim_end().to_owned()
            });
        }
        ConsumersCommand::Remove { place } => {
            consumers::remove(&home.engine, &place).await?;
            print(home.json, json!({ "place": place, "removed": true }), |_| {
                lang.fill("api-consumer-removed", &[("place", &place)])
            });
        }
    }
    Ok(())
}

async fn deliveries(command: DeliveriesCommand, home: &Home) -> Result<(), Failure> {
    let lang = home.lang;
    match command {
        DeliveriesCommand::List => {
            let values = deliveries::all(&home.engine.vault)?.iter().map(delivery_json).collect();
            print_list(home.json, values, &lang.text("api-delivery-none"), |v| {
                let (state, next) = (text(v, "state"), text(v, "next"));
                let state = match state {
                    "waiting" => lang.fill("api-delivery-waiting", &[("next", next)]),
                    "dead" => lang.text("api-delivery-dead"),
                    _ => lang.text("api-delivery-done"),
                };
                let why = v["why"].as_str().map_or_else(String::new, |why| format!("  {why}"));
                format!("{}  {}  {}  {state}{why}", text(v, "id"), harmless(text(v, "target")), v["seq"])
            });
        }
        DeliveriesCommand::Retry { id } => {
            let delivery = deliveries::retry(&home.engine, &id).await?;
            let value = json!({ "id": delivery.number(), "state": delivery.state.as_str() });
            print(home.json, value, |_| lang.text("api-delivery-again"));
        }
    }
    Ok(())
}

fn delivery_json(delivery: &Delivery) -> Value {
    let next = if delivery.state == State::Waiting { time(delivery.next) } else { Value::Null };
    json!({
        "id": delivery.number(),
        "target": delivery.target,
        "seq": delivery.seq,
        "state": delivery.state.as_str(),
        "attempts": delivery.attempts,
        "at": time(delivery.at),
        "next": next,
        "why": (!delivery.why.is_empty()).then_some(&delivery.why),
    })
}
