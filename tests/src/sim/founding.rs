//! How a world begins: a relay that is claimed, organisations that are admitted. Done once, copied for every seed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use causeway_certs::invite;
use causeway_client::engine::Engine;
use causeway_client::identity::Identity;
use causeway_client::session::{self, Stay};
use causeway_client::vault::{Changes, Cost, MemoryEks, Vault};
use causeway_client::{membership, records};
use causeway_common::ids::OrgId;
use causeway_common::store::MemoryKv;
use causeway_common::time::Clock as _;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::disk::Disk;
use super::history::WallClock;
use super::hosts::{self, Common, RELAY_NAME, RelayHost};
use super::plan::ORGS_MAX;

/// The organisations.
pub const NAMES: [&str; ORGS_MAX] = ["amber", "birch", "cedar", "dogwood"];
/// A world begins this long after its founding.
const BEFORE_MS: i64 = 600_000;
/// The founding takes no longer.
const FOUNDING_MAX: Duration = Duration::from_secs(120);

/// What everybody keeps at some moment.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The relay's store.
    pub relay: MemoryKv,
    /// The devices' stores.
    pub devices: Vec<(MemoryKv, MemoryEks)>,
}

/// An organisation.
#[derive(Clone, Debug)]
pub struct Founded {
    /// Its identifier.
    pub org: OrgId,
    /// Who its device is.
    pub identity: Identity,
    /// Its open vault: opens copies of itself.
    pub key: Vault,
}

/// The beginning of every world.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The organisations.
    pub orgs: Vec<Founded>,
    /// Everybody is admitted, nobody has left keys.
    pub fresh: Stage,
    /// Everybody has been connected once.
    pub settled: Stage,
}

/// The beginning, made when it is first asked for.
pub fn beginning() -> &'static Beginning {
    static BEGINNING: OnceLock<Beginning> = OnceLock::new();
    BEGINNING.get_or_init(found)
}

/// A device while the world is founded.
struct Device {
    engine: Arc<Engine>,
    kv: MemoryKv,
    eks: MemoryEks,
}

fn found() -> Beginning {
    let common = Common::new(0);
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
    let registrar = device(registrar, &clock, 0).await?;
    let registrar_dialer = hosts::dialer(common, &registrar.engine, address, 1, 0).await?;
    membership::claim(&registrar.engine, &registrar_dialer).await?;
    let mut devices = Vec::new();
    for (number, name) in (1..).zip(NAMES) {
        let mut rng = rng(number);
        let (text, _) = registrar.engine.identity.invite(name, "ngo", "DE", clock.now(), &mut rng);
        let (signed, invite) = invite::from_text(&text)?;
        let identity = Identity::found_organisation(signed, &invite, "desk", clock.now(), &mut rng);
        let device = device(identity, &clock, number).await?;
        let dialer = hosts::dialer(common, &device.engine, address, 1, number.into()).await?;
        membership::enrol(&device.engine, &dialer).await?;
        let id = device.engine.identity.org.to_string();
        membership::admit(&registrar.engine, &registrar_dialer, &id).await?;
        devices.push((device, dialer));
    }
    let fresh = stage(relay, &devices);
    for (device, dialer) in &devices {
        session::run(&device.engine, dialer, Stay::UntilCalm).await?;
    }
    let settled = stage(relay, &devices);
    let orgs = devices
        .iter()
        .map(|(device, _)| Founded {
            org: device.engine.identity.org,
            identity: device.engine.identity.clone(),
            key: device.engine.vault.clone(),
        })
        .collect();
    Ok(Beginning { orgs, fresh, settled })
}

fn stage<T>(relay: &RelayHost, devices: &[(Device, T)]) -> Stage {
    Stage {
        relay: relay.disk.snapshot(),
        devices: devices.iter().map(|(device, _)| (device.kv.snapshot(), device.eks.snapshot())).collect(),
    }
}

async fn device(identity: Identity, clock: &WallClock, seed: u8) -> turmoil::Result<Device> {
    let mut rng = rng(seed.wrapping_add(100));
    let (kv, eks) = (MemoryKv::new(), MemoryEks::default());
    let passphrase = "a passphrase for tests";
    let (vault, _) =
        Vault::create(Arc::new(kv.clone()), eks.clone(), passphrase, Cost::least(), &mut rng).await?;
    let mut changes = Changes::default();
    records::put_identity(&mut changes, &identity);
    vault.commit(changes, &mut rng).await?;
    let clock = Arc::new(clock.clone());
    let engine = Engine::open(vault, PathBuf::from("nowhere"), clock, Box::new(rng))?;
    Ok(Device { engine: Arc::new(engine), kv, eks })
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}
