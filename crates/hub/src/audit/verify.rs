//! Whether the audit log is as it was written: every chain is read from its first entry and compared with its own
//! digests, its head, and heads that somebody kept elsewhere. Called by the command line. It repairs nothing.
//!
//! There is no key in it: whoever can write to the database can write a whole chain anew, and only a head that is
//! kept elsewhere shows that.

use crate::{Error, Hub};
use contactgram_model::UserId;
use contactgram_model::audit::{AuditHash, FIRST};
use contactgram_model::hex;
use contactgram_store::Tx;
use contactgram_store::ops::audit::{self, Head, Kept};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Entries that are read at a time: one snapshot each.
const PAGE: i64 = 1000;

/// Where a chain ends, to be kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Whose; 0 is the server's own.
    pub account_id: UserId,
    /// The last entry's number.
    pub seq: i64,
    /// Its digest, in hexadecimal digits.
    pub hash: String,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenChain {
    /// Whose; 0 is the server's own.
    pub account_id: UserId,
    /// The entry that is not, or not as it was.
    pub seq: i64,
    /// What is wrong, in words.
    pub why: &'static str,
}

impl From<Head> for AuditHead {
    fn from(head: Head) -> AuditHead {
        AuditHead { account_id: head.account, seq: head.seq, hash: hex::encode(&head.hash) }
    }
}

impl Hub {
    /// Where each chain ends now.
    pub async fn audit_heads(&self) -> Result<Vec<AuditHead>, Error> {
        let heads = self.store.scan(|tx| Ok::<_, Error>(audit::heads(tx)?)).await?;
        Ok(heads.into_iter().map(AuditHead::from).collect())
    }

    /// Reads every chain: how many entries there are, and what is wrong with those that are broken. `kept` are heads
    /// from before, which must still be on their chains.
    pub async fn verify_audit(&self, kept: &[AuditHead]) -> Result<(i64, Vec<BrokenChain>), Error> {
        let known = self.store.scan(|tx| Ok::<_, Error>((audit::chains(tx)?, audit::heads(tx)?))).await?;
        let (chains, heads) = known;
        let mut accounts: BTreeSet<UserId> = chains.into_iter().collect();
        accounts.extend(heads.iter().map(|head| head.account));
        accounts.extend(kept.iter().map(|head| head.account_id));
        let (mut entries, mut broken) = (0, Vec::new());
        for account in accounts {
            let mut chain = Chain::new(account, kept);
            loop {
                let from = chain.next;
                let (page, head) = self.store.scan(move |tx| page(tx, account, from)).await?;
                let is_last = (page.len() as i64) < PAGE;
                if let Err(why) =
                    chain.follow(&page).and_then(|()| if is_last { chain.end(head) } else { Ok(()) })
                {
                    broken.push(why);
                    break;
                }
                if is_last {
                    break;
                }
            }
            entries += chain.next - 1;
        }
        Ok((entries, broken))
    }
}

fn page(tx: &mut dyn Tx, account: UserId, from: i64) -> Result<(Vec<Kept>, Option<Head>), Error> {
    Ok((audit::chain(tx, account, from, PAGE)?, audit::head(tx, account)?))
}

/// A chain as far as it was read and found whole.
struct Chain {
    account: UserId,
    /// The number that the next entry must have.
    next: i64,
    last: AuditHash,
    /// Heads from before that are yet to be met.
    kept: Vec<AuditHead>,
}

impl Chain {
    fn new(account: UserId, kept: &[AuditHead]) -> Chain {
        let kept = kept.iter().filter(|head| head.account_id == account).cloned().collect();
        Chain { account, next: 1, last: FIRST, kept }
    }

    fn follow(&mut self, entries: &[Kept]) -> Result<(), BrokenChain> {
        for kept in entries {
            if kept.entry.seq != self.next {
                return Err(self.broken("this entry is missing"));
            }
            if kept.previous != self.last {
                return Err(self.broken("this entry does not follow the one before it"));
            }
            if kept.hash != kept.entry.hash(&self.last) {
                return Err(self.broken("this entry is not as it was written"));
            }
            let hash = hex::encode(&kept.hash);
            if self.kept.iter().any(|head| head.seq == self.next && !head.hash.eq_ignore_ascii_case(&hash)) {
                return Err(self.broken("this entry is another than the one whose head was kept"));
            }
            self.kept.retain(|head| head.seq != kept.entry.seq);
            (self.next, self.last) = (self.next + 1, kept.hash);
        }
        Ok(())
    }

    fn end(&self, head: Option<Head>) -> Result<(), BrokenChain> {
        let (seq, hash) = head.map_or((0, FIRST), |head| (head.seq, head.hash));
        if seq >= self.next {
            return Err(self.broken("entries from this one on are missing"));
        }
        if seq < self.next - 1 {
            return Err(BrokenChain { seq: seq + 1, ..self.broken("the head knows nothing of this entry") });
        }
        if hash != self.last {
            return Err(BrokenChain { seq, ..self.broken("the head has another digest than this entry") });
        }
        match self.kept.iter().map(|head| head.seq).min() {
            // Also a number that none can have: then it is no head that was ever here.
            Some(_) => {
                Err(self.broken("entries from this one on are missing, though a head of them was kept"))
            }
            None => Ok(()),
        }
    }

    fn broken(&self, why: &'static str) -> BrokenChain {
        BrokenChain { account_id: self.account, seq: self.next, why }
    }
}
