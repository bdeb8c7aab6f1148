//! What we hold of a provider: its metadata and keys, and how long they may be used.
//!
//! | held | renewed | on failure | on change |
//! |---|---|---|---|
//! | metadata | hourly | the old ones stay | adopted, unless the issuer is another one |
//! | keys | with the metadata, and once for an unknown `kid` | the last good ones stay, 24 h | adopted; a removed key verifies nothing any more |

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vestibule_oidc::jose::KeySet;
use vestibule_oidc::metadata::ProviderMetadata;

use super::error::ProviderError;

/// Time between two scheduled fetches.
pub(super) const RENEW_INTERVAL: Duration = Duration::from_secs(3600);

/// Time to the next attempt after a document was refused; the provider is there, its answer is wrong.
pub(super) const RETRY_REFUSED: Duration = Duration::from_secs(60);

/// How long keys are used when no newer ones can be had.
pub(super) const KEYS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Least time between two fetches for an unknown `kid`.
pub(super) const UNKNOWN_KEY_INTERVAL: Duration = Duration::from_secs(10);

/// Keys and when they came.
#[derive(Debug, Clone)]
pub(super) struct HeldKeys {
    pub(super) set: Arc<KeySet>,
    pub(super) fetched: Instant,
}

/// The documents of one provider at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents {
    pub(super) metadata: Option<Arc<ProviderMetadata>>,
    pub(super) keys: Option<HeldKeys>,
    /// Whether the first attempt is over, however it ended.
    pub(super) attempted: bool,
    /// Why the last attempt failed, if it did.
    pub(super) trouble: Option<ProviderError>,
}

impl Documents {
    /// The keys, unless they are too old to be believed.
    pub(super) fn usable_keys(&self) -> Option<Arc<KeySet>> {
        let keys = self.keys.as_ref()?;
        (keys.fetched.elapsed() < KEYS_KEPT).then(|| Arc::clone(&keys.set))
    }
}
