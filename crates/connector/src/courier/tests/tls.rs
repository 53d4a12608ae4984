//! Deliveries over TLS to a receiver with a self-signed certificate, as the usual one-line command makes it:
//! marked as an authority, its host only in the subject. Nothing here asks a real authority.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const CERTIFICATE: &str = include_str!("testdata/self-signed.pem");
const KEY: &str = include_str!("testdata/self-signed.key");
/// Another certificate of the same make.
const OTHER: &str = include_str!("testdata/other.pem");

/// Serves each connection once with "200 OK", on a thread; returns its port.
fn serve_tls() -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            // A client that refuses the certificate ends here.
            if matches!(tls.read(&mut [0; 4096]), Ok(1..)) {
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = tls.flush();
            }
        }
    });
    port
}

async fn deliver_trusting(certificate: Option<&str>) -> Outcome {
    let delivery = Target {
        ip_address: Some("127.0.0.1".parse().unwrap()),
        certificate: certificate.map(str::to_owned),
        ..target(format!("https://hook.example:{}/", serve_tls()))
    };
    development().deliver(&delivery, UPDATE, None).await
}

#[tokio::test]
async fn the_given_certificate_is_trusted() {
    assert_eq!(deliver_trusting(Some(CERTIFICATE)).await, Outcome::Accepted { reply: None });
}

#[tokio::test]
async fn an_unknown_certificate_is_not() {
    for certificate in [None, Some(OTHER)] {
        let error = last_error(&deliver_trusting(certificate).await).unwrap_or_default();
        assert!(error.starts_with("SSL error {certificate verify failed: "), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_given_for_one_webhook_is_not_trusted_for_another() {
    let url = format!("https://hook.example:{}/", serve_tls());
    let trusting = Target {
        ip_address: Some("127.0.0.1".parse().unwrap()),
        certificate: Some(CERTIFICATE.into()),
        ..target(url)
    };
    let doubting = Target { certificate: None, ..trusting.clone() };
    let courier = development();
    assert_eq!(courier.deliver(&trusting, UPDATE, None).await, Outcome::Accepted { reply: None });
    let outcome = courier.deliver(&doubting, UPDATE, None).await;
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
}

#[test]
fn only_pem_certificates_are_taken() {
    let courier = development();
    assert_eq!(courier.check_certificate(CERTIFICATE), Ok(()));
    let refusal = "bad webhook: Can't create an SSL context: no PEM certificate found";
    for text in ["", "no certificate", KEY, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        assert_eq!(courier.check_certificate(text), Err(refusal.into()));
    }
    let long = CERTIFICATE.repeat(1000);
    let refusal = "bad webhook: Can't create an SSL context: the certificate is too long";
    assert_eq!(courier.check_certificate(&long), Err(refusal.into()));
}

#[tokio::test]
async fn a_receiver_that_answers_without_tls_fails_as_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    let outcome = development().deliver(&target(format!("https://{address}/")), UPDATE, None).await;
    let error = last_error(&outcome).unwrap_or_default();
    assert!(error.starts_with("SSL error {"), "{error}");
}
