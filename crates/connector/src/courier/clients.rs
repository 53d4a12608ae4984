//! The HTTP clients behind a courier: one for all ordinary webhooks, one more for each `ip_address` or
//! `certificate` in use, so that a pooled connection is only reused by those who might have opened it.
//! Called by the courier for each delivery. It never makes a client that follows redirects or uses a proxy.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use reqwest::{Client, redirect};
use rustls::RootCertStore;

use super::resolver::{Guard, Lookup};
use super::target::{Rules, Target};
use super::{CourierOptions, tls};
use crate::roots::public_roots;

/// So many clients are kept; beyond that the longest unused one makes room.
const MAX_CLIENTS: usize = 256;

pub(super) struct Clients {
    pub options: CourierOptions,
    pub rules: Rules,
    lookup: Lookup,
    roots: RootCertStore,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    clients: HashMap<Key, (Client, u64)>,
    /// Counts uses; a client remembers its last one.
    uses: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    pinned: Option<IpAddr>,
    certificate: Option<String>,
}

impl Clients {
    pub fn new(options: CourierOptions, rules: Rules, lookup: Lookup) -> Clients {
        Clients { options, rules, lookup, roots: public_roots(), kept: Mutex::default() }
    }

    /// The client for a target, or why its certificate can't be used.
    pub fn client(&self, target: &Target) -> Result<Client, String> {
        let key = Key { pinned: target.ip_address, certificate: target.certificate.clone() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let use_number = kept.uses;
        if let Some((client, last_use)) = kept.clients.get_mut(&key) {
            *last_use = use_number;
            return Ok(client.clone());
        }
        let client = self.build(&key)?;
        if kept.clients.len() >= MAX_CLIENTS {
            let oldest = kept.clients.iter().min_by_key(|(_, (_, last_use))| *last_use);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.clients.remove(&oldest);
            }
        }
        kept.clients.insert(key, (client.clone(), use_number));
        Ok(client)
    }

    /// Whether a certificate can be used at all.
    pub fn check_certificate(&self, pem: &str) -> Result<(), String> {
        tls::client_config(&self.roots, Some(pem)).map(drop)
    }

    /// The resolver of a client's connections.
    pub fn guard(&self, pinned: Option<IpAddr>) -> Guard {
        Guard { lookup: self.lookup.clone(), rules: self.rules, pinned }
    }

    fn build(&self, key: &Key) -> Result<Client, String> {
        let tls = tls::client_config(&self.roots, key.certificate.as_deref())?;
        Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(self.guard(key.pinned))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .http1_only()
            .timeout(self.options.timeout)
            .connect_timeout(self.options.connect_timeout)
            .pool_idle_timeout(self.options.idle_timeout)
            .build()
            .map_err(|_| "Can't create an SSL context".to_owned())
    }
}
