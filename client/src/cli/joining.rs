//! `causeway join` with a colleague's code: this workstation becomes one more of an organisation.

use std::time::Duration;

use causeway_certs::link::{self, LinkCode};
use causeway_certs::transport::Dialer;
use causeway_certs::{emoji, fingerprint};
use causeway_common::ids::Digest;
use causeway_common::limits::CLOCK_SKEW;
use causeway_common::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::{Home, ProtectionArgs, Typed};
use super::member::{ADMISSION_INTERVAL, JoinArgs};
use super::output::{print, remark, text};
use super::{Global, linking};
use crate::identity::Identity;
use crate::lang::Lang;
use crate::linking::{self as links, LinkingError};
use crate::membership;
use crate::records;
use crate::session::{self, Stay};
use crate::vault::Changes;

/// Name of a workstation that nobody has named.
pub(crate) const UNNAMED: &str = "workstation";

/// What both sides show: digits, and pictures with their names.
pub(crate) fn comparison(hash: Digest) -> Value {
    let emoji: Vec<Value> = emoji::of(hash)
        .iter()
        .map(|e| json!({ "emoji": e.picture, "en": e.english, "ru": e.russian }))
        .collect();
    json!({ "comparison": fingerprint::digits(hash), "emoji": emoji })
}

/// The same for people.
pub(crate) fn comparison_words(value: &Value) -> String {
    let each = |field| {
        let names = value["emoji"].as_array().into_iter().flatten().map(|one| text(one, field));
        names.collect::<Vec<_>>().join(if field == "emoji" { "  " } else { ", " })
    };
    format!(
        "    {}\n    {}\n    {}\n    {}",
        each("emoji"),
        each("en"),
        each("ru"),
        text(value, "comparison")
    )
}

/// Joins for somebody who sits at a page: what the command says goes to whoever takes it (see [`super::output::take`]).
///
/// # Errors
/// Those of `causeway join`. What was begun is there, and the same invite goes on with it.
pub(crate) async fn join_typed(
    invite: &str,
    device_name: &str,
    typed: Typed,
    lang: Lang,
    global: &Global,
) -> Result<(), Failure> {
    let global = global.at_a_page(typed, lang);
    let name = Some(device_name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
    let args = JoinArgs {
        invite: invite.split_whitespace().collect(),
        device_name: name,
        wait: 0,
        protection: ProtectionArgs::default(),
    };
    super::member::join(args, &global).await
}

/// Whether this home has been let in: by the registrar, or as one more workstation by its administrator. One that has not asks
/// once more, in case the first time was cut off; that does no harm.
pub(crate) async fn is_let_in(home: &Home, dialer: &dyn Dialer) -> Result<bool, Failure> {
    let identity = &home.engine.identity;
    let known = {
        let replica = home.engine.replica.lock().await;
        let own = replica.directory.organisation(identity.org);
        own.is_some_and(|own| identity.linked().is_none() || own.device(identity.device()).is_some())
    };
    if known || (identity.linked().is_none() && identity.enrolment().is_none()) {
        return Ok(true);
    }
    if identity.linked().is_some() {
        links::ask(&home.engine, dialer).await?;
        return Ok(links::is_admitted(&home.engine, dialer).await?);
    }
    membership::enrol(&home.engine, dialer).await?;
    Ok(membership::is_admitted(&home.engine, dialer).await?)
}

pub(crate) async fn join(args: &JoinArgs, global: &Global) -> Result<(), Failure> {
    let code = LinkCode::from_text(&args.invite)?;
    let home = begin(&code, args, global).await?;
    let dialer = home.dialer().await?;
    links::ask(&home.engine, &*dialer).await?;
    let linked = home.engine.identity.linked().ok_or_else(|| home.is_taken())?;
    let mut shown = comparison(link::comparison(&linked.request));
    if !global.json {
        remark(&format!(
            "{}\n{}\n",
            home.lang.fill("join-asked", &[("name", &code.name)]),
            comparison_words(&shown)
        ));
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(args.wait);
    let mut admitted = false;
    loop {
        admitted = admitted || links::is_admitted(&home.engine, &*dialer).await?;
        if admitted || tokio::time::Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(ADMISSION_INTERVAL.min(Duration::from_secs(args.wait))).await;
    }
    if admitted {
        home.note("joined an organisation that was there").await?;
        // Leaves the first prekeys at the relay, so that others can write to this device at once.
        session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
    }
    let identity = &home.engine.identity;
    shown["id"] = identity.device().to_string().into();
    shown["organisation"] = identity.org.to_string().into();
    shown["name"] = identity.name.as_str().into();
    shown["device_name"] = identity.device_name.as_str().into();
    shown["fingerprint"] = fingerprint::digits(home.fingerprint().await).into();
    shown["status"] = if admitted { "active" } else { "pending" }.into();
    print(home.json, shown, |v| {
        let gaps = [("id", &text(v, "id")[..12]), ("name", text(v, "name"))];
        match admitted {
            true => home.lang.fill("join-let-in", &gaps),
            false => home.lang.fill("join-waits", &gaps[..1]),
        }
    });
    Ok(())
}

/// The home of this code: a new one, or the one that an interrupted join has left.
async fn begin(code: &LinkCode, args: &JoinArgs, global: &Global) -> Result<Home, Failure> {
    let named =
        args.device_name.as_deref().or_else(|| Some(&*code.device_name).filter(|name| !name.is_empty()));
    let name = named.unwrap_or(UNNAMED).to_owned();
    linking::check_device_name(&name)?;
    let now = SystemClock.now();
    // Whether it is over by a little the relay's clock decides.
    if now > code.expires.plus(CLOCK_SKEW) {
        return Err(LinkingError::Code(link::CodeError::Expired).into());
    }
    let found = |rng: &mut dyn rand_core::CryptoRng| Identity::link(code, &name, now, rng);
    let home = match Home::unlock(global).await {
        Err(failure) if failure.exit == exit::NOT_FOUND => {
            let home = Home::create(global, args.protection, found).await?;
            home.note("created this workstation's keys").await?;
            return Ok(home);
        }
        other => other?,
    };
    let Some(linked) = home.engine.identity.linked() else { return Err(home.is_taken()) };
    if linked.code == *code {
        return Ok(home);
    }
    // Another code in a home that was begun with one which came to nothing.
    match links::is_admitted(&home.engine, &*home.dialer().await?).await {
        Ok(false) | Err(LinkingError::Code(link::CodeError::Expired)) => {}
        Ok(true) => return Err(home.is_taken()),
        Err(error) => return Err(error.into()),
    }
    let mut changes = Changes::default();
    records::put_identity(&mut changes, &found(&mut *super::home::system_rng()));
    home.engine.commit(changes).await?;
    home.note("created this workstation's keys anew, for another code").await?;
    drop(home);
    Home::unlock(global).await
}
