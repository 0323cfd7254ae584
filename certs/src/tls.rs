//! TLS 1.3 with raw public keys at both ends (RFC 7250), hybrid key exchange only, no resumption, no early data.
//!
//! The relay's key is pinned; the client's key is proven here and looked up in the directory by the relay. There are
//! no certificates, so nothing expires by itself and no chain is parsed. With TLS 1.3 a client learns of a refusal
//! only at its first read: the answer to Hello is the login.

use std::sync::{Arc, PoisonError, RwLock};

use causeway_common::wire::ALPN;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};

use crate::keys::{PublicKey, SigningKey};

/// The provider: aws-lc-rs with X25519MLKEM768 as its only key exchange.
pub fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768];
    Arc::new(provider)
}

/// The key that a relay shows to whoever connects from now on. Connections that exist go on.
#[derive(Clone, Debug)]
pub struct ShownKey(Arc<RwLock<Arc<CertifiedKey>>>);

impl ShownKey {
    /// Shows this key.
    pub fn new(key: &SigningKey) -> Result<Self, rustls::Error> {
        Ok(Self(Arc::new(RwLock::new(certified(key)?))))
    }

    /// Shows another key from now on.
    pub fn show(&self, key: &SigningKey) -> Result<(), rustls::Error> {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified(key)?;
        Ok(())
    }
}

impl ResolvesServerCert for ShownKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn only_raw_public_keys(&self) -> bool {
        true
    }
}

/// The relay's side: shows `key`, takes any client key that proves itself.
pub fn server_config(key: &SigningKey) -> Result<rustls::ServerConfig, rustls::Error> {
    server_config_showing(&ShownKey::new(key)?)
}

/// The same with a key that can become another.
pub fn server_config_showing(shown: &ShownKey) -> Result<rustls::ServerConfig, rustls::Error> {
    let provider = provider();
    let verifier = RawKeys::any(&provider);
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(shown.clone()));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.max_early_data_size = 0;
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The client's side: accepts only the pinned relay keys, shows `key`.
pub fn client_config(pinned: &[PublicKey], key: &SigningKey) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = RawKeys::pinned(&provider, pinned);
    let shown = rustls::client::AlwaysResolvesClientRawPublicKeys::new(certified(key)?);
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.enable_sni = false;
    config.enable_early_data = false;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn certified(key: &SigningKey) -> Result<Arc<CertifiedKey>, rustls::Error> {
    let pkcs8 = key.to_pkcs8();
    let signer = aws_lc_rs::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()))?;
    let spki = CertificateDer::from(key.public().to_spki());
    Ok(Arc::new(CertifiedKey::new(vec![spki], signer)))
}

/// Verifies raw public keys: pinned ones, or any key that signs the handshake.
#[derive(Debug)]
struct RawKeys {
    pinned: Option<Vec<Vec<u8>>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl RawKeys {
    fn any(provider: &CryptoProvider) -> Self {
        Self { pinned: None, algorithms: provider.signature_verification_algorithms }
    }

    fn pinned(provider: &CryptoProvider, keys: &[PublicKey]) -> Self {
        let pinned = keys.iter().map(|key| key.to_spki()).collect();
        Self { pinned: Some(pinned), algorithms: provider.signature_verification_algorithms }
    }

    fn check(&self, shown: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let is_ours =
            self.pinned.as_ref().is_none_or(|pinned| pinned.iter().any(|key| key == shown.as_ref()));
        if others.is_empty() && is_ours && PublicKey::from_spki(shown.as_ref()).is_ok() {
            Ok(())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
        }
    }

    fn check_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }
}

fn no_tls12() -> rustls::Error {
    rustls::Error::General("TLS 1.2 is not spoken here".into())
}

impl ServerCertVerifier for RawKeys {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check(end_entity, intermediates).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for RawKeys {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.check(end_entity, intermediates).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::SupportedKxGroup;
    use rustls::{ClientConnection, HandshakeKind, NamedGroup, ServerConnection};

    use super::*;

    fn keys() -> (SigningKey, SigningKey) {
        (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]))
    }

    /// Lets two sides talk until neither has anything to say.
    fn handshake(
        client: rustls::ClientConfig,
        server: rustls::ServerConfig,
    ) -> Result<(ClientConnection, ServerConnection), rustls::Error> {
        let name = ServerName::try_from("relay.invalid").map_err(|_| no_tls12())?;
        let mut client = ClientConnection::new(Arc::new(client), name)?;
        let mut server = ServerConnection::new(Arc::new(server))?;
        while client.wants_write() || server.wants_write() {
            let (mut there, mut back) = (Vec::new(), Vec::new());
            client.write_tls(&mut there).unwrap();
            server.read_tls(&mut there.as_slice()).unwrap();
            server.process_new_packets()?;
            server.write_tls(&mut back).unwrap();
            client.read_tls(&mut back.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok((client, server))
    }

    #[test]
    fn only_tls_13_with_the_hybrid_exchange_is_spoken_and_nothing_is_resumed() {
        let (relay, device) = keys();
        let client = client_config(&[relay.public()], &device).unwrap();
        for _ in 0..2 {
            let (client, server) = handshake(client.clone(), server_config(&relay).unwrap()).unwrap();
            assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
            let group = client.negotiated_key_exchange_group().map(SupportedKxGroup::name);
            assert_eq!(group, Some(NamedGroup::X25519MLKEM768));
            assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full), "the second one too");
            assert_eq!(client.tls13_tickets_received(), 0);
            assert_eq!(server.server_name(), None, "no name is sent in clear");
            assert!(!client.is_early_data_accepted());
        }
    }

    #[test]
    fn a_relay_shows_its_new_key_from_then_on_and_clients_take_either_while_it_changes() {
        let (relay, device) = keys();
        let (next, stranger) = (SigningKey::from_seed(&[3; 32]), SigningKey::from_seed(&[4; 32]));
        let shown = ShownKey::new(&relay).unwrap();
        let server = server_config_showing(&shown).unwrap();
        let dial = |keys: &[PublicKey]| handshake(client_config(keys, &device).unwrap(), server.clone());
        let both = [relay.public(), next.public()];
        let (before, _) = dial(&both).unwrap();
        dial(&both[..1]).unwrap();
        dial(&both[1..]).unwrap_err();
        shown.show(&next).unwrap();
        let (after, _) = dial(&both).unwrap();
        assert_ne!(before.peer_certificates(), after.peer_certificates());
        dial(&both[1..]).unwrap();
        dial(&both[..1]).unwrap_err();
        shown.show(&stranger).unwrap();
        dial(&both).unwrap_err();
        dial(&[]).unwrap_err();
    }

    #[test]
    fn a_side_without_the_hybrid_exchange_is_refused() {
        let (relay, device) = keys();
        let classical = || {
            let mut provider = aws_lc_rs::default_provider();
            provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
            Arc::new(provider)
        };
        let shown = rustls::client::AlwaysResolvesClientRawPublicKeys::new(certified(&device).unwrap());
        let mut client = rustls::ClientConfig::builder_with_provider(classical())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(RawKeys::pinned(&provider(), &[relay.public()])))
            .with_client_cert_resolver(Arc::new(shown));
        client.alpn_protocols = vec![ALPN.to_vec()];
        handshake(client, server_config(&relay).unwrap()).unwrap_err();

        let shown = rustls::server::AlwaysResolvesServerRawPublicKeys::new(certified(&relay).unwrap());
        let server = rustls::ServerConfig::builder_with_provider(classical())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(Arc::new(RawKeys::any(&provider())))
            .with_cert_resolver(Arc::new(shown));
        handshake(client_config(&[relay.public()], &device).unwrap(), server).unwrap_err();
    }

    #[test]
    fn another_relay_key_ends_the_handshake_and_another_protocol_too() {
        let (relay, device) = keys();
        handshake(client_config(&[device.public()], &device).unwrap(), server_config(&relay).unwrap())
            .unwrap_err();
        let mut client = client_config(&[relay.public()], &device).unwrap();
        client.alpn_protocols = vec![b"h3".to_vec()];
        handshake(client, server_config(&relay).unwrap()).unwrap_err();
    }
}
