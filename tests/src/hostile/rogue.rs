//! A member with a valid device that speaks in raw frames and seals what it likes.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::keys::SigningKey;
use causeway_certs::transport::{Dialer as _, Link, RequestError, finish, read_answer, request, write_bytes};
use causeway_client::model::PACKET_REFERRAL;
use causeway_client::prekeys;
use causeway_client::seal::packet::{Recipient, SealRequest, SectionPlain, Sender, Target, seal};
use causeway_common::envelope::Envelope;
use causeway_common::ids::{Digest, OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::Prekey;
use causeway_common::wire::{
    Accepted, DeviceState, Frame, Hello, PROTOCOL_VERSION, Prekeys, Push, Submit, Subscribe, TakePrekeys,
    Welcome,
};
use tokio::io::AsyncReadExt as _;

use super::scene::{Actor, rng};

/// Longer than any answer takes that comes at all; in a scene the clock is a test's own.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of a member that does not keep the rules.
#[derive(Debug)]
pub struct Rogue<'a> {
    /// Whose device it uses.
    pub actor: &'a Actor,
    /// The connection.
    pub link: Arc<dyn Link>,
}

/// What it seals. Begins as what an honest sender would say.
#[derive(Debug)]
pub struct Forgery {
    /// Seed of the key that signs; none: the device's own.
    pub signer: Option<[u8; 32]>,
    /// Who it says it is.
    pub from: OrgId,
    /// Name of the packet.
    pub packet: PacketId,
    /// The thread.
    pub case: [u8; 32],
    /// The packet it answers.
    pub in_reply_to: Option<PacketId>,
    /// Type of the packet.
    pub packet_type: u16,
    /// Queue order.
    pub priority: Priority,
    /// The header's content.
    pub header: Vec<u8>,
    /// Another section.
    pub section: ([u8; 3], Vec<u8>),
    /// Place in the chain.
    pub sequence: u64,
    /// Size of the directory it says it knows.
    pub log_size: u64,
    /// Root of that directory.
    pub log_root: Digest,
    /// Head of that directory.
    pub checkpoint: Vec<u8>,
}

impl<'a> Rogue<'a> {
    /// Connects and says Hello.
    pub async fn connect(actor: &'a Actor) -> Self {
        let rogue = Self { actor, link: actor.dialer().dial().await.unwrap() };
        let _: Welcome = rogue.ask(&Hello { versions: vec![PROTOCOL_VERSION] }).await.unwrap();
        rogue
    }

    /// One request.
    pub async fn ask<Q: Frame, A: Frame>(&self, question: &Q) -> Result<A, RequestError> {
        request(&*self.link, question, PATIENCE).await
    }

    /// One request of any bytes.
    pub async fn say<A: Frame>(&self, bytes: &[u8]) -> Result<A, RequestError> {
        let (mut send, mut recv) = self.link.open_bi().await?;
        write_bytes(&mut send, bytes).await?;
        finish(&mut send).await?;
        tokio::time::timeout(PATIENCE, read_answer(&mut recv)).await.unwrap()
    }

    /// Subscribes and reads so many pushed envelopes, without dealing with them.
    pub async fn overhear(&self, count: usize) -> Vec<Push> {
        let _: DeviceState = self.ask(&Subscribe {}).await.unwrap();
        let mut pushes = Vec::new();
        while pushes.len() < count {
            let mut stream = self.link.accept_uni().await.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            pushes.extend(super::liar::Raw::parse(&bytes).read::<Push>());
        }
        pushes
    }

    /// What an honest sender with this device would seal.
    pub async fn honest(&self, number: u8) -> Forgery {
        let replica = self.actor.engine.replica.lock().await;
        Forgery {
            signer: None,
            from: self.actor.org(),
            packet: PacketId([number; 32]),
            case: [number; 32],
            in_reply_to: None,
            packet_type: PACKET_REFERRAL,
            priority: Priority::P2,
            header: br#"{"kind":"BIA"}"#.to_vec(),
            section: (*b"RSK", b"{}".to_vec()),
            sequence: 1,
            log_size: replica.directory.size(),
            log_root: replica.directory.root(),
            checkpoint: replica.checkpoint.clone(),
        }
    }

    /// Takes prekeys of an organisation, to seal everything to everybody.
    pub async fn targets(&self, to: OrgId) -> Vec<Target> {
        let taken: Prekeys = self.ask(&TakePrekeys { org: to }).await.unwrap();
        let replica = self.actor.engine.replica.lock().await;
        let org = replica.directory.organisation(to).unwrap();
        let checked = prekeys::check_taken(org, &taken, self.actor.engine.now()).unwrap();
        let all = |prekey: Prekey| Target { device: prekey.device, clearance: u32::MAX, prekey };
        checked.into_iter().map(all).collect()
    }

    /// Seals a forgery.
    pub async fn forge(&self, to: OrgId, forgery: &Forgery) -> Envelope {
        let targets = self.targets(to).await;
        let replica = self.actor.engine.replica.lock().await;
        let org = replica.directory.organisation(to).unwrap();
        let section = |code, bytes: &Vec<u8>| SectionPlain { code, bytes: bytes.clone().into() };
        let sections = [section(*b"HDR", &forgery.header), section(forgery.section.0, &forgery.section.1)];
        let own = || self.actor.engine.identity.device_key();
        let key = forgery.signer.map_or_else(own, |seed| SigningKey::from_seed(&seed));
        let now = self.actor.engine.now();
        let request = SealRequest {
            packet: forgery.packet,
            packet_type: forgery.packet_type,
            case_ref: forgery.case,
            in_reply_to: forgery.in_reply_to,
            created: now,
            expires: now.plus(forgery.priority.time_to_live()),
            priority: forgery.priority,
            sections: &sections,
            sender: Sender {
                org: forgery.from,
                key: &key,
                roster: self.actor.engine.identity.roster,
                checkpoint: &forgery.checkpoint,
                log_size: forgery.log_size,
                log_root: forgery.log_root,
                seq: forgery.sequence,
                previous_grant: Digest([0; 32]),
            },
            recipient: Recipient {
                org: to,
                root: org.fingerprint(),
                roster: org.roster_digest,
                targets: &targets,
            },
            purpose: 0,
            onward: 0,
            return_prekeys: Vec::new(),
        };
        let seed = forgery.packet.0[0] ^ u8::try_from(forgery.sequence % 251).unwrap();
        seal(&request, &mut rng(seed)).unwrap().envelope
    }

    /// Seals a forgery and hands it to the relay.
    pub async fn post(&self, to: OrgId, forgery: &Forgery) -> Envelope {
        let envelope = self.forge(to, forgery).await;
        let _: Accepted = self.ask(&Submit { envelope: envelope.clone() }).await.unwrap();
        envelope
    }
}
