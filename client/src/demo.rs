//! `causeway demo`: the whole job on one machine, with real processes over real loopback QUIC.
//!
//! A relay, a registrar, a hotline, a police liaison, an embassy, a shelter and a prosecutor, each in a folder of its own. What is played is
//! done with the same commands that people use; what is printed comes out of their JSON. The people are invented.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::output::emit;

/// The demo's vaults protect invented people, so they take the least memory, and its commands start faster.
const VAULT_MEMORY: &str = "64";

/// Where Linux keeps files in memory.
const MEMORY_FOLDER: &str = "/dev/shm";
/// Twice what the demo writes.
const ROOM_BYTES: u64 = 48 << 20;

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
    shelter: Actor,
    prosecutor: Actor,
    quiet: bool,
}

/// Plays the demo and leaves nothing behind.
pub async fn run(args: DemoArgs, json: bool) -> Result<(), Failure> {
    let quiet = args.headless || json;
    if args.keep.as_ref().is_some_and(|folder| folder.exists()) {
        return Err(Failure::invalid(
            "The folder to keep the demo in exists already.",
            "Name a new one with --keep.",
        ));
    }
    let temporary = temporary_folder().map_err(Failure::internal)?;
    let folder = args.keep.clone().unwrap_or_else(|| temporary.path().to_path_buf());
    let played = tokio::time::timeout(Duration::from_secs(args.seconds), play(&folder, quiet));
    let summary = played.await.map_err(|_| {
        Failure::internal(format!("the demo did not finish within {} seconds", args.seconds))
    })??;
    if json || args.headless {
        emit(&summary.to_string());
    } else {
        emit(&format!("\n{}", people(&summary)));
    }
    check(&summary)
}

/// In memory where there is a file system for that: a demo that is killed leaves nothing on the drive, and a drive that
/// is busy, as after a build, does not slow it down.
fn temporary_folder() -> std::io::Result<tempfile::TempDir> {
    let has_room = |folder: &Path| {
        rustix::fs::statvfs(folder).is_ok_and(|fs| fs.f_bavail.saturating_mul(fs.f_frsize) >= ROOM_BYTES)
    };
    let chosen = std::env::var_os("TMPDIR").is_some();
    match Path::new(MEMORY_FOLDER) {
        memory if !chosen && has_room(memory) => {
            tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir())
        }
        _ => tempfile::tempdir(),
    }
}

/// What the demo promises.
fn check(summary: &Value) -> Result<(), Failure> {
    let totals = &summary["totals"];
    if totals["lost"] != 0 || totals["duplicated"] != 0 {
        return Err(Failure::internal("a packet was lost or doubled"));
    }
    if summary["relay_view"]["case_words_found"] != 0 {
        return Err(Failure::internal("the relay has words of the cases on its disk"));
    }
    if summary["alert_overtook_routine"] != true {
        return Err(Failure::internal("the alert did not overtake the routine reports"));
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
                emit(text);
            }
        };
        say(
            "Starting a relay, a registrar, a hotline, a police liaison, an embassy, a shelter and a prosecutor …",
        );
        let relay = RelayProcess::start(&folder.join("relay")).await?;
        let registrar = Actor::new(folder, "registrar", "Registrar")?;
        registrar.run(&["registrar", "claim", &relay.claim, "--vault-memory", VAULT_MEMORY]).await?;
        let hotline = Actor::new(folder, "hotline", "Angel Hotline")?;
        let police = Actor::new(folder, "police", "Border Police Liaison")?;
        let embassy = Actor::new(folder, "embassy", "Consular Section")?;
        let shelter = Actor::new(folder, "shelter", "House by the River")?;
        let prosecutor = Actor::new(folder, "prosecutor", "Public Prosecutor")?;
        let mut invites = Vec::new();
        for (actor, kind, country) in [
            (&hotline, "hotline", "RU"),
            (&police, "police", "DE"),
            (&embassy, "embassy", "MD"),
            (&shelter, "shelter", "DE"),
            (&prosecutor, "prosecutor", "DE"),
        ] {
            let arguments =
                ["registrar", "invite", "--name", &actor.name, "--kind", kind, "--country", country];
            let invite = registrar.run(&arguments).await?;
            invites.push(invite["invite"].as_str().unwrap_or_default().to_owned());
        }
        let ids = tokio::try_join!(
            hotline.join(&invites[0]),
            police.join(&invites[1]),
            embassy.join(&invites[2]),
            shelter.join(&invites[3]),
            prosecutor.join(&invites[4])
        )?;
        let joined =
            [(&hotline, ids.0), (&police, ids.1), (&embassy, ids.2), (&shelter, ids.3), (&prosecutor, ids.4)];
        for (actor, id) in joined {
            registrar.run(&["registrar", "admit", &id]).await?;
            say(&format!("  {} is admitted: inbox {id}", actor.name));
        }
        // It gets to know the others, and leaves prekeys at the relay.
        hotline.run(&["sync"]).await?;
        tokio::try_join!(shelter.run(&["sync"]), prosecutor.run(&["sync"]))?;
        Ok(Self { folder: folder.to_path_buf(), relay, hotline, police, embassy, shelter, prosecutor, quiet })
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            emit(text);
        }
    }
}

fn people(summary: &Value) -> String {
    let mut out = String::from("What became of the referrals:\n");
    for referral in summary["referrals"].as_array().into_iter().flatten() {
        let field = |name: &str| referral[name].as_str().unwrap_or("?").to_owned();
        out.push_str(&format!(
            "\n  {} {} to {}: {} / {}, in the inbox {} ms after it was sealed\n",
            field("priority"),
            field("kind"),
            field("to"),
            field("transport"),
            field("work"),
            referral["delivered_ms"],
        ));
        for step in referral["timeline"].as_array().into_iter().flatten() {
            out.push_str(&format!("      {}\n", timeline_line(step)));
        }
    }
    let view = &summary["relay_view"];
    out.push_str(&format!(
        "\nWhat the relay has on its disk: {} files, {} bytes. Of {} names, numbers and sentences of the cases, {} are found in\nthem. Of each packet it sees the recipient organisation, the urgency, the padded size and when it expires.\n",
        view["files"], view["bytes"], view["case_words_searched"], view["case_words_found"]
    ));
    if summary["alert_overtook_routine"] == true {
        out.push_str("The alert was written last and arrived first.\n");
    }
    let totals = &summary["totals"];
    out.push_str(&format!(
        "Sent {}, delivered {}, lost {}, doubled {}.",
        totals["sent"], totals["delivered"], totals["lost"], totals["duplicated"]
    ));
    out
}

fn timeline_line(step: &Value) -> String {
    let field = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let at = field("at");
    let clock = at.split_once('T').map_or(at.as_str(), |(_, clock)| clock).trim_end_matches('Z');
    format!("{clock:<16} {:<22} {:<14} {}", field("by_name"), field("what"), field("text"))
        .trim_end()
        .to_owned()
}

/// An error of one of the actors' commands.
pub(crate) fn failed(actor: &str, command: &str, error: &str) -> Failure {
    Failure::internal(json!({ "actor": actor, "command": command, "error": error.trim() }))
}
