//! Whom a webhook connection trusts: the public authorities, and the certificate that setWebhook was given.
//! Called by the courier once per certificate. It never turns verification off: a given certificate is
//! accepted because the peer proves to hold its key, every other by the usual rules.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// A client configuration that trusts `roots`, and the certificates of `pem` besides.
pub(super) fn client_config(roots: &RootCertStore, pem: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: &dyn std::fmt::Display| format!("Can't create an SSL context: {error}");
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let Some(pem) = pem else {
        return Ok(builder.with_root_certificates(roots.clone()).with_no_client_auth());
    };
    let given = read_certificates(pem)?;
    let mut roots = roots.clone();
    roots.add_parsable_certificates(given.iter().cloned());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| failed(&error))?;
    let verifier = Arc::new(GivenOrUsual { given, usual, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The longest PEM text, in bytes: room for a chain, not for an attack on the memory of the courier.
const MAX_PEM: usize = 64 * 1024;

/// The certificates of a PEM file; at least one.
fn read_certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    if pem.len() > MAX_PEM {
        return Err("Can't create an SSL context: the certificate is too long".into());
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err("Can't create an SSL context: no PEM certificate found".into()),
    }
}

/// Accepts the very certificate that the account's owner uploaded, and any that the usual rules accept.
///
/// The uploaded ones are typically self-signed by a one-line command: marked as an authority, naming the host
/// only in the subject. The usual rules refuse both, so such a certificate is compared byte by byte instead;
/// its name and dates are not looked at, as it was given for this one URL.
#[derive(Debug)]
struct GivenOrUsual {
    given: Vec<CertificateDer<'static>>,
    usual: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for GivenOrUsual {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.given.iter().any(|given| given.as_ref() == end_entity.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
