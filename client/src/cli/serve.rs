//! `causeway serve`: the staff's pages, for the browser of this machine.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::Mutex;

use super::Global;
use super::failure::{Failure, exit};
use super::home::{self, system_rng};
use super::output::{print, remark, text};
use crate::daemon::Daemon;
use crate::lang::Lang;
use crate::web::door::Door;
use crate::web::door::idle::Idle;
use crate::web::lockout::Lockout;
use crate::web::place::{Place, PlaceError};
use crate::web::{self, Shared, Site, now};

/// Whether nobody is there any more is looked at this often.
const IDLE_CHECK: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Minutes without anybody after which the home locks itself, 2 to 60.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=60))]
    idle_minutes: u64,
    /// Choose another address: the old one is in other hands. Old bookmarks lead nowhere afterwards.
    #[arg(long)]
    new_place: bool,
}

pub(crate) async fn serve(args: ServeArgs, global: &Global) -> Result<(), Failure> {
    let daemon = Daemon::new(global.clone())?;
    if global.passphrase_file.is_some() {
        daemon.unlock(&home::passphrase(global, false)?).await?;
    }
    let place = if args.new_place {
        Place::choose(daemon.folder(), &mut *system_rng())
    } else {
        Place::load_or_choose(daemon.folder(), &mut *system_rng())
    };
    let place = place.map_err(no_place)?;
    let taken = place.bind().await.map_err(no_place)?;
    let site = Arc::new(Site {
        door: Mutex::new(Door::default()),
        lockout: Mutex::new(Lockout::load(daemon.folder(), now())),
        idle: Mutex::new(Idle::after_minutes(args.idle_minutes, now()).unwrap_or_else(|| Idle::new(now()))),
        trusted: AtomicBool::new(false),
        daemon,
        place,
    });
    announce(&site, global).await;
    let served = axum::serve(taken.listener, web::router(&site));
    tokio::select! {
        served = served.into_future() => served.map_err(Failure::internal),
        never = lock_when_idle(&site) => never,
        never = more_codes(&site, global) => never,
    }
}

/// Says where the pages are, with a code for the browser and one for a person.
async fn announce(site: &Shared, global: &Global) {
    let lang = global.lang();
    let (launch, code) = {
        let mut door = site.door.lock().await;
        let rng = &mut *system_rng();
        (door.launch_code(now(), rng), door.terminal_code(now(), rng))
    };
    let address = site.place.origin();
    let result = json!({
        "address": address,
        "open": format!("{address}/#code={}", launch.as_str()),
        "code": code.as_str(),
    });
    print(global.json, result, |v| {
        let code = in_groups(text(v, "code"));
        let lines = [
            lang.fill("serve-ready", &[("address", text(v, "open"))]),
            lang.fill("serve-code", &[("code", &code)]),
        ];
        lines.join("\n")
    });
    if asks(global) {
        remark(&lang.text("serve-again"));
    }
}

/// Digits as people read them out.
fn in_groups(digits: &str) -> String {
    let (first, last) = digits.split_at_checked(4).unwrap_or((digits, ""));
    format!("{first} {last}")
}

fn asks(global: &Global) -> bool {
    !global.no_input && !global.json && std::io::stdin().is_terminal()
}

/// Gives another code for each line that is typed.
async fn more_codes<T>(site: &Shared, global: &Global) -> T {
    if asks(global) {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(_)) = lines.next_line().await {
            let code = site.door.lock().await.terminal_code(now(), &mut *system_rng());
            remark(&global.lang().fill("serve-code", &[("code", &in_groups(&code))]));
        }
    }
    std::future::pending().await
}

/// Wipes the keys when nobody is there.
async fn lock_when_idle<T>(site: &Shared) -> T {
    loop {
        tokio::time::sleep(IDLE_CHECK).await;
        if site.idle.lock().await.is_idle(now()) {
            site.trusted.store(false, Ordering::Release);
            site.daemon.lock().await;
        }
    }
}

fn no_place(error: PlaceError) -> Failure {
    match error {
        PlaceError::Taken(port) => {
            Failure::said("G-140", exit::CONFLICT, "serve-taken", &[("port", &port.to_string())])
        }
        other => Failure::in_each("G-141", exit::OTHER, |lang: Lang| {
            let message = lang.fill("serve-no-place", &[("why", &other.to_string())]);
            (message, lang.text("serve-no-place.hint"))
        }),
    }
}
