//! The certificate authorities that connections to the outside trust.
//! Read once by the courier and once by the pool of upstream connections. It makes no connections itself.

use rustls::RootCertStore;

/// The public authorities: the machine's own list, or Mozilla's as of this build where it has none.
pub(crate) fn public_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
