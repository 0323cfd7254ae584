//! How a world begins: a relay that is claimed, organisations that are admitted. Done once, copied for every seed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use causeway_certs::invite;
use causeway_certs::transport::quic::QuicDialer;
use causeway_client::engine::Engine;
use causeway_client::identity::Identity;
use causeway_client::linking::{self, Wish};
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Cost, MemoryEks, Vault};
use causeway_client::{membership, recovery};
use causeway_common::ids::OrgId;
use causeway_common::store::MemoryKv;
use causeway_common::time::Clock as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::backups::PASSPHRASE;
use super::cast::{ALONE, Entrance, Part, TEAMS};
use super::disk::Disk;
use super::history::WallClock;
use super::hosts::{self, Common, RELAY_NAME, RelayHost};
use super::office::Home;

/// A world begins this long after its founding.
const BEFORE_MS: i64 = 600_000;
/// The founding takes no longer.
const FOUNDING_MAX: Duration = Duration::from_secs(120);

/// What everybody keeps at some moment.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The relay's store.
    pub relay: MemoryKv,
    /// The devices' homes, in the order of the cast; none of those that are to join.
    pub homes: Vec<Option<Home>>,
}

/// The beginning of every world with the same cast.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The organisations.
    pub orgs: Vec<OrgId>,
    /// Everybody is admitted, nobody has left keys.
    pub fresh: Stage,
    /// Everybody has been connected once.
    pub settled: Stage,
}

/// The beginning, made when it is first asked for.
pub fn beginning(cast: &[Part]) -> &'static Beginning {
    static ALONE_BEGIN: OnceLock<Beginning> = OnceLock::new();
    static TEAMS_BEGIN: OnceLock<Beginning> = OnceLock::new();
    if cast.iter().any(|part| part.org.is_none()) {
        TEAMS_BEGIN.get_or_init(|| found(&TEAMS))
    } else {
        ALONE_BEGIN.get_or_init(|| found(&ALONE))
    }
}

/// A device while the world is founded.
struct Device {
    engine: Arc<Engine>,
    dialer: QuicDialer,
    kv: MemoryKv,
    eks: MemoryEks,
}

fn found(cast: &'static [Part]) -> Beginning {
    let common = Common::new(0, cast);
    let relay = RelayHost::new(&common, Disk::holding(&MemoryKv::new(), 0), -BEFORE_MS);
    let mut sim = turmoil::Builder::new()
        .rng_seed(0)
        .tick_duration(Duration::from_millis(5))
        .simulation_duration(FOUNDING_MAX)
        .udp_capacity(4096)
        .build();
    let running = relay.clone();
    sim.host(RELAY_NAME, move || running.clone().run());
    let made = Arc::new(Mutex::new(None));
    let (out, address) = (Arc::clone(&made), sim.lookup(RELAY_NAME));
    sim.client("founder", async move {
        let beginning = everybody(&common, &relay, address).await?;
        *hosts::lock(&out) = Some(beginning);
        Ok(())
    });
    sim.run().unwrap();
    let mut made = hosts::lock(&made);
    made.take().unwrap()
}

async fn everybody(common: &Common, relay: &RelayHost, address: IpAddr) -> turmoil::Result<Beginning> {
    let clock = WallClock::new(&common.time, -BEFORE_MS);
    let claim = relay.open()?.claim_code("relay.example:4433", [9; 16]).await?;
    let (_, claim) = invite::from_text(&claim)?;
    let registrar = Identity::found_registrar(&claim, clock.now(), &mut rng(0));
    let registrar = device(common, registrar, address, 0).await?;
    membership::claim(&registrar.engine, &registrar.dialer).await?;
    let mut devices: Vec<Option<Device>> = Vec::new();
    for (number, part) in (1..).zip(common.cast) {
        let is_colleagues = |(other, _): &(&Part, &Option<Device>)| other.org == part.org;
        let made = match (part.org, part.entrance) {
            (Some(_), Entrance::Founds) => {
                Some(organisation(common, &registrar, part.name, address, number).await?)
            }
            (Some(_), Entrance::Joined) => {
                let first = common.cast.iter().zip(&devices).find(is_colleagues);
                let first = first.and_then(|(_, device)| device.as_ref()).ok_or("nobody lets it in")?;
                Some(colleague(common, first, part, address, number).await?)
            }
            _ => None,
        };
        devices.push(made);
    }
    let orgs = common.cast.iter().zip(&devices).filter(|(part, _)| part.entrance == Entrance::Founds);
    let orgs = orgs.filter_map(|(_, device)| Some(device.as_ref()?.engine.identity.org)).collect();
    let stage = |devices: &[Option<Device>]| Stage {
        relay: relay.disk.snapshot(),
        homes: common
            .cast
            .iter()
            .zip(devices)
            .map(|(part, device)| match device {
                None if part.org.is_none() => Some(home(&registrar)),
                device => device.as_ref().map(home),
            })
            .collect(),
    };
    let fresh = stage(&devices);
    for Device { engine, dialer, .. } in devices.iter().flatten() {
        session::run(engine, dialer, Stay::UntilCalm).await?;
    }
    let settled = stage(&devices);
    Ok(Beginning { orgs, fresh, settled })
}

/// An organisation with its first device, invited and admitted.
async fn organisation(
    common: &Common,
    registrar: &Device,
    name: &str,
    address: IpAddr,
    number: u8,
) -> turmoil::Result<Device> {
    let (mut rng, now) = (rng(number), registrar.engine.now());
    let (text, _) = registrar.engine.identity.invite(name, "ngo", "DE", now, &mut rng);
    let (signed, invite) = invite::from_text(&text)?;
    let identity = Identity::found_organisation(signed, &invite, "desk", now, &mut rng);
    let device = device(common, identity, address, number).await?;
    membership::enrol(&device.engine, &device.dialer).await?;
    let id = device.engine.identity.org.to_string();
    membership::admit(&registrar.engine, &registrar.dialer, &id).await?;
    Ok(device)
}

/// One more device of an organisation, let in by its first.
async fn colleague(
    common: &Common,
    first: &Device,
    part: &Part,
    address: IpAddr,
    number: u8,
) -> turmoil::Result<Device> {
    let wish = Wish { roles: part.roles, clearance: part.clearance, name: String::new() };
    let code = linking::invite(&first.engine, &first.dialer, wish).await?;
    let identity = Identity::link(&code, part.name, first.engine.now(), &mut rng(number));
    let device = device(common, identity, address, number).await?;
    linking::ask(&device.engine, &device.dialer).await?;
    let id = device.engine.identity.device().to_string();
    linking::admit(&first.engine, &first.dialer, &id).await?;
    linking::is_admitted(&device.engine, &device.dialer).await?;
    Ok(device)
}

fn home(device: &Device) -> Home {
    Home { kv: device.kv.snapshot(), eks: device.eks.snapshot(), key: device.engine.vault.clone() }
}

async fn device(common: &Common, identity: Identity, address: IpAddr, seed: u8) -> turmoil::Result<Device> {
    let mut rng = rng(seed.wrapping_add(100));
    let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
    let (vault, _) =
        Vault::create(Arc::new(kv.clone()), eks.clone(), PASSPHRASE, Cost::least(), &mut rng).await?;
    recovery::store(&vault, &identity, &mut rng).await?;
    let clock = Arc::new(WallClock::new(&common.time, -BEFORE_MS));
    let engine = Arc::new(Engine::open(vault, PathBuf::from("nowhere"), clock, Box::new(rng))?);
    let dialer = hosts::dialer(common, &engine, address, 1, seed.into()).await?;
    Ok(Device { engine, dialer, kv, eks })
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}
