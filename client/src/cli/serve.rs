//! `causeway serve`: the staff's pages, for the browser of this machine.

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rand_core::CryptoRng;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

use super::Global;
use super::failure::{Failure, exit};
use super::home::{self, system_rng};
use super::output::{print, remark, text};
use crate::api;
use crate::daemon::Daemon;
use crate::daemon::notices::Notices;
use crate::daemon::socket;
use crate::daemon::socket::place::{Socket, SocketError};
use crate::lang::Lang;
use crate::web::door::Door;
use crate::web::door::idle::Idle;
use crate::web::lockout::Lockout;
use crate::web::looked_at::LookedAt;
use crate::web::place::{Place, PlaceError};
use crate::web::{self, Shared, Site, now, serving};

pub(super) mod browser;

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
    /// Do not open a browser.
    #[arg(long)]
    no_browser: bool,
    /// Leave the organisation out of what the desktop announces.
    #[arg(long)]
    hide_organisation: bool,
}

pub(crate) async fn serve(args: ServeArgs, global: &Global) -> Result<(), Failure> {
    let notices = Notices { lang: global.lang(), hide_organisation: args.hide_organisation };
    let daemon = Daemon::new(global.clone(), notices)?;
    // Before anything of the home is touched: it may be another daemon's.
    let socket = Socket::bind(daemon.folder()).await;
    if let Err(SocketError::Taken(_)) = socket {
        return Err(Failure::said("G-140", exit::CONFLICT, "serve-runs", &[]));
    }
    if global.passphrase_file.is_some() && daemon.has_home() {
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
        codes: Mutex::new(Lockout::of_codes(daemon.folder(), now())),
        looked_at: LookedAt::default(),
        begun: Mutex::new(None),
        daemon,
        place,
    });
    let address = say_codes(&site, global.json, global.lang(), &mut *system_rng()).await;
    if asks(global) {
        remark(&global.lang().text("serve-again"));
        if !args.no_browser {
            browser::open(&address, site.daemon.folder());
        }
    }
    tokio::select! {
        never = serving::serve(taken.listener, web::router(&site)) => match never {},
        never = listen(socket, &site, global.lang()) => match never {},
        never = lock_when_idle(&site) => never,
        never = more_codes(&site, global) => never,
        ended = told_to_end() => {
            site.lock().await;
            ended
        }
    }
}

/// Until the system, or a person at the terminal, ends the program. The home is locked first: then the next opening is quick.
async fn told_to_end() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::internal)?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
    }
}

/// Lets commands of the terminal and other programs in. Without a socket the pages work all the same.
async fn listen(socket: Result<Socket, SocketError>, site: &Shared, lang: Lang) -> Infallible {
    match socket {
        Ok(socket) => socket::serve(socket, socket::router(site).merge(api::router(site))).await,
        Err(error) => {
            remark(&lang.fill("daemon-no-socket", &[("why", &error.to_string())]));
            std::future::pending().await
        }
    }
}

/// Says where the pages are, with a code for the browser and one for a person; gives the address that a browser opens.
pub(crate) async fn say_codes(site: &Shared, json: bool, lang: Lang, rng: &mut dyn CryptoRng) -> String {
    let (launch, code) = {
        let mut door = site.door.lock().await;
        (door.launch_code(now(), rng), door.terminal_code(now(), rng))
    };
    let address = site.place.origin();
    let open = format!("{address}/#code={}", launch.as_str());
    let result = json!({ "address": address, "open": open, "code": code.as_str() });
    print(json, result, |v| {
        let code = in_groups(text(v, "code"));
        let lines = [
            lang.fill("serve-ready", &[("address", text(v, "open"))]),
            lang.fill("serve-code", &[("code", &code)]),
        ];
        lines.join("\n")
    });
    open
}

/// Says whether the home is open.
pub(crate) async fn say_standing(site: &Shared, json: bool, lang: Lang) {
    let open = site.daemon.home().await.is_some();
    print(json, json!({ "locked": !open }), |_| lang.text(if open { "daemon-open" } else { "daemon-shut" }));
}

/// Too many passphrases were wrong.
pub(crate) fn must_wait(left: Duration) -> Failure {
    let seconds = usize::try_from(left.as_secs().max(1)).unwrap_or(usize::MAX);
    let words = |lang: Lang| (lang.count("unlock-wait", seconds), lang.text("daemon-wait-hint"));
    Failure::in_each("G-146", exit::LOCKED, words).passing()
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
            site.lock().await;
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
