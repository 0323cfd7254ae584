//! `causeway demo`: the whole job on one machine, with real processes over real loopback QUIC.
//!
//! A relay, a registrar, a hotline, a police liaison and an embassy, each in a folder of its own. What is played is
//! done with the same commands that people use; what is printed comes out of their JSON. The people are invented.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::failure::Failure;

mod processes;
mod story;

use processes::{Actor, RelayProcess};

/// What `causeway demo` takes.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// No pauses, no explanations: for scripts.
    #[arg(long)]
    headless: bool,
    /// Give up after this many seconds.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// Keep the demo's folder, here.
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// Everybody on stage.
pub(crate) struct Stage {
    folder: PathBuf,
    relay: RelayProcess,
    hotline: Actor,
    police: Actor,
    embassy: Actor,
    quiet: bool,
}

/// Plays the demo and leaves nothing behind.
pub async fn run(args: DemoArgs, json: bool) -> Result<(), Failure> {
    let quiet = args.headless || json;
    let temporary = tempfile::tempdir().map_err(Failure::internal)?;
    let folder = args.keep.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    let played = tokio::time::timeout(Duration::from_secs(args.seconds), play(&folder, quiet));
    let summary = played.await.map_err(|_| {
        Failure::internal(format!("the demo did not finish within {} seconds", args.seconds))
    })??;
    if json || args.headless {
        println!("{summary}");
    } else {
        println!("\n{}", people(&summary));
    }
    let totals = &summary["totals"];
    if totals["lost"] != 0 || totals["duplicated"] != 0 {
        return Err(Failure::internal("a packet was lost or doubled"));
    }
    Ok(())
}

async fn play(folder: &Path, quiet: bool) -> Result<Value, Failure> {
    let stage = Stage::set(folder, quiet).await?;
    let told = story::tell(&stage).await;
    let Stage { relay, folder, .. } = stage;
    relay.stop().await;
    let mut summary = told?;
    summary["relay_view"] = story::relay_view(&folder)?;
    Ok(summary)
}

impl Stage {
    async fn set(folder: &Path, quiet: bool) -> Result<Self, Failure> {
        let say = |text: &str| {
            if !quiet {
                println!("{text}");
            }
        };
        say("Starting a relay, a registrar, a hotline, a police liaison and an embassy …");
        let relay = RelayProcess::start(&folder.join("relay")).await?;
        let registrar = Actor::new(folder, "registrar", "Registrar")?;
        registrar.run(&["registrar", "claim", &relay.claim]).await?;
        let hotline = Actor::new(folder, "hotline", "Angel Hotline")?;
        let police = Actor::new(folder, "police", "Border Police Liaison")?;
        let embassy = Actor::new(folder, "embassy", "Consular Section")?;
        for (actor, kind, country) in [(&hotline, "hotline", "RU"), (&police, "police", "DE"), (&embassy, "embassy", "MD")] {
            let arguments = ["registrar", "invite", "--name", &actor.name, "--kind", kind, "--country", country];
            let invite = registrar.run(&arguments).await?;
            let invite = invite["invite"].as_str().unwrap_or_default().to_owned();
            let joined = actor.run(&["join", &invite, "--device-name", "desk"]).await?;
            let id = joined["id"].as_str().unwrap_or_default().to_owned();
            registrar.run(&["registrar", "admit", &id]).await?;
            actor.run(&["sync"]).await?;
            say(&format!("  {} is admitted.", actor.name));
        }
        // Once more, so that everybody knows everybody.
        for actor in [&hotline, &police, &embassy] {
            actor.run(&["sync"]).await?;
        }
        Ok(Self { folder: folder.to_path_buf(), relay, hotline, police, embassy, quiet })
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            println!("{text}");
        }
    }
}

fn people(summary: &Value) -> String {
    let mut out = String::from("What became of the referrals:\n");
    for referral in summary["referrals"].as_array().into_iter().flatten() {
        out.push_str(&format!(
            "  {} {:<4} to {:<22} {} / {}, delivered after {} ms\n",
            referral["priority"].as_str().unwrap_or("?"),
            referral["kind"].as_str().unwrap_or("?"),
            referral["to"].as_str().unwrap_or("?"),
            referral["transport"].as_str().unwrap_or("?"),
            referral["work"].as_str().unwrap_or("?"),
            referral["delivered_ms"],
        ));
    }
    let view = &summary["relay_view"];
    out.push_str(&format!(
        "What the relay keeps on its disk: {} files, {} bytes. Names, numbers and words of the cases found in them: {}.\n",
        view["files"], view["bytes"], view["case_words_found"]
    ));
    let totals = &summary["totals"];
    out.push_str(&format!(
        "Sent {}, delivered {}, lost {}, doubled {}.",
        totals["sent"], totals["delivered"], totals["lost"], totals["duplicated"]
    ));
    out
}

/// An error of one of the actors' commands.
pub(crate) fn failed(actor: &str, command: &str, error: &str) -> Failure {
    Failure::internal(json!({ "actor": actor, "command": command, "error": error.trim() }))
}
