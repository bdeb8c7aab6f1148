//! The signing keys: which sign, which are published, and how they are changed.
//!
//! As at Entra several keys are published at once in no order, `kid` is the certificate's SHA-1,
//! and among them are keys that must not be taken for this tenant's: those of personal accounts and
//! one of another cloud.
//!
//! | roll | published | signs |
//! |---|---|---|
//! | [`Roll::Publish`] | one more | the same as before |
//! | [`Roll::Use`] | the same | the newest |
//! | [`Roll::Now`] | one more | the new one, at once |
//! | [`Roll::Retire`] | the signing one alone | the same |
//! | [`Roll::Emergency`] | the new one alone | the new one, at once |

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, jwk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    clock,
    directory::{PERSONAL_TENANT, TenantPath},
    entropy,
    grants::Version,
    tokens,
};

/// The name in the certificates of the provider's own keys.
const OWN_NAME: &str = "local.vestibule-idp.invalid";

/// One RSA key with its certificate.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) signing: EncodingKey,
    /// The public key as PEM text: what an attacker uses as an HMAC secret.
    pub(crate) public_pem: String,
    n: String,
    e: String,
    x5c: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A key could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFailure {
    /// No RSA key or no certificate.
    #[error("make an RSA key with its certificate")]
    Certificate(#[from] rcgen::Error),
    /// The token library can't take the key.
    #[error("hand the key to the token library")]
    Library(#[from] jsonwebtoken::errors::Error),
    /// The key is not the RSA key that was asked for.
    #[error("find the RSA key in what was made")]
    NotRsa,
    /// The task that made the keys was lost.
    #[error("finish making keys")]
    Interrupted,
}

/// How keys are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Roll {
    /// A new key is published; the old one goes on signing.
    Publish,
    /// The key published last begins to sign.
    Use,
    /// A new key is published and signs at once; the old ones stay published.
    #[default]
    Now,
    /// Every key but the signing one is withdrawn.
    Retire,
    /// A new key replaces all others at once.
    Emergency,
}

/// The keys of the provider.
///
/// Only the signing key is made at start; the rest when it is first needed, since each costs a
/// tenth of a second of computing and a test may never look.
#[derive(Debug)]
pub(crate) struct Keys {
    own: Mutex<Own>,
    others: Mutex<Option<Others>>,
    /// What `?appid=` shows beside the rest, once something was signed with it.
    app: Mutex<Option<Arc<Key>>>,
}

#[derive(Debug)]
struct Own {
    published: Vec<Arc<Key>>,
    signing: Arc<Key>,
}

#[derive(Debug, Clone)]
struct Others {
    /// Signs for the tenant of personal accounts.
    personal: Arc<Key>,
    /// Published with the others, and never to be taken for one of them.
    other_cloud: Arc<Key>,
}

impl Key {
    /// Makes a key. It takes a tenth of a second or so.
    pub(crate) fn new(name: &str) -> Result<Self, KeyFailure> {
        let pair =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
        let mut params = rcgen::CertificateParams::default();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let year = clock::timestamp(clock::system_now())
            .get(..4)
            .and_then(|year| year.parse().ok())
            .unwrap_or(2026);
        params.not_before = rcgen::date_time_ymd(year, 1, 1);
        params.not_after = rcgen::date_time_ymd(year + 5, 1, 1);
        let certificate = params.self_signed(&pair)?;
        let signing = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes())?;
        let jwk = jwk::Jwk::from_encoding_key(&signing, Algorithm::RS256)?;
        let jwk::AlgorithmParameters::RSA(public) = jwk.algorithm else {
            return Err(KeyFailure::NotRsa);
        };
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(thumbprint),
            signing,
            public_pem: pair.public_key_pem(),
            n: public.n,
            e: public.e,
            x5c: STANDARD.encode(certificate.der()),
        })
    }

    /// The key as a member of a key set; never with `alg`, which Entra leaves out.
    fn to_jwk(&self) -> Map<String, Value> {
        let members = json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": self.n,
            "e": self.e,
            "x5c": [self.x5c],
        });
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

impl Keys {
    /// Makes the key the provider starts with.
    pub(crate) fn new() -> Result<Self, KeyFailure> {
        let signing = Arc::new(Key::new(OWN_NAME)?);
        let own = Own {
            published: vec![Arc::clone(&signing)],
            signing,
        };
        Ok(Self {
            own: Mutex::new(own),
            others: Mutex::new(None),
            app: Mutex::new(None),
        })
    }

    /// The key that signs for a tenant.
    pub(crate) fn signing_for(&self, tenant: &str) -> Result<Arc<Key>, KeyFailure> {
        if tenant == PERSONAL_TENANT {
            Ok(self.others()?.personal)
        } else {
            Ok(Arc::clone(&self.lock().signing))
        }
    }

    /// The published key that belongs to another cloud.
    pub(crate) fn other_cloud(&self) -> Result<Arc<Key>, KeyFailure> {
        Ok(self.others()?.other_cloud)
    }

    /// The key of an app's own.
    pub(crate) fn app(&self) -> Result<Arc<Key>, KeyFailure> {
        let mut app = self.app.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*app {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(Key::new("app.vestibule-idp.invalid")?);
        *app = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The keys beside the signing one, made at the first call: also the own key that is published
    /// for later.
    fn others(&self) -> Result<Others, KeyFailure> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(others) = &*others {
            return Ok(others.clone());
        }
        let (next, personal, other_cloud) = std::thread::scope(|scope| {
            let threads = [
                "Local Personal Accounts",
                "othercloud.vestibule-idp.invalid",
            ]
            .map(|name| scope.spawn(move || Key::new(name)));
            let next = Key::new(OWN_NAME);
            let [personal, other_cloud] =
                threads.map(|thread| thread.join().map_err(|_| KeyFailure::Interrupted)?);
            Ok::<_, KeyFailure>((next?, personal?, other_cloud?))
        })?;
        self.lock().published.push(Arc::new(next));
        let made = Others {
            personal: Arc::new(personal),
            other_cloud: Arc::new(other_cloud),
        };
        *others = Some(made.clone());
        Ok(made)
    }

    /// Changes the keys; returns the `kid` that signs from now on.
    pub(crate) fn roll(&self, roll: Roll) -> Result<String, KeyFailure> {
        self.others()?;
        let new = match roll {
            Roll::Publish | Roll::Now | Roll::Emergency => Some(Arc::new(Key::new(OWN_NAME)?)),
            Roll::Use | Roll::Retire => None,
        };
        let mut own = self.lock();
        match (roll, new) {
            (Roll::Publish, Some(new)) => own.published.push(new),
            (Roll::Now, Some(new)) => {
                own.published.push(Arc::clone(&new));
                own.signing = new;
            }
            (Roll::Emergency, Some(new)) => {
                own.published = vec![Arc::clone(&new)];
                own.signing = new;
            }
            (Roll::Use, _) => {
                if let Some(newest) = own.published.last().cloned() {
                    own.signing = newest;
                }
            }
            _ => own.published = vec![Arc::clone(&own.signing)],
        }
        Ok(own.signing.kid.clone())
    }

    /// The key set a tenant path publishes. Only v2.0 says which issuer a key belongs to.
    pub(crate) fn published(
        &self,
        origin: &str,
        version: Version,
        path: &TenantPath,
        without_signer: bool,
        of_app: bool,
    ) -> Result<Value, KeyFailure> {
        let others = self.others()?;
        let issuer_of = |tenant: &str| tokens::issuer(origin, Version::V2, tenant);
        let mut keys: Vec<Map<String, Value>> = Vec::new();
        let own = self.lock();
        let own_tenant = match path {
            TenantPath::Consumers => None,
            other => Some(other.in_issuer()),
        };
        for key in &own.published {
            if let Some(tenant) = own_tenant
                && !(without_signer && key.kid == own.signing.kid)
            {
                keys.push(with_issuer(key.to_jwk(), version, issuer_of(tenant)));
            }
        }
        let app = self.app.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(key), Some(tenant), true) = (&*app, own_tenant, of_app) {
            keys.push(with_issuer(key.to_jwk(), version, issuer_of(tenant)));
        }
        drop(app);
        let shows_personal = matches!(path, TenantPath::Common | TenantPath::Consumers);
        if version == Version::V2
            && shows_personal
            && !(without_signer && *path == TenantPath::Consumers)
        {
            let issuer = issuer_of(PERSONAL_TENANT);
            keys.push(with_issuer(others.personal.to_jwk(), version, issuer));
        }
        let mut other_cloud = with_issuer(
            others.other_cloud.to_jwk(),
            version,
            issuer_of(path.in_issuer()),
        );
        if version == Version::V2 {
            other_cloud.insert("cloud_instance_name".into(), "microsoftonline.us".into());
        }
        keys.push(other_cloud);
        entropy::shuffle(&mut keys);
        Ok(json!({ "keys": keys }))
    }

    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_issuer(
    mut key: Map<String, Value>,
    version: Version,
    issuer: String,
) -> Map<String, Value> {
    if version == Version::V2 {
        key.insert("issuer".into(), issuer.into());
    }
    key
}
