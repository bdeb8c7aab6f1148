//! The ways this provider can be wrong on request, and which of them are switched on.
//!
//! Faults come from the settings file (`[[fault]]`) and from the control listener
//! (`POST /faults`). Each may be limited to a number of uses with `times`.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::Error as _};
use serde_json::{Map, Value};

/// One way to be wrong, slow or down. `kind` in the file and on the wire is the variant's name in
/// kebab-case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The provider's clock is off by so many seconds (negative: slow). It moves every lifetime
    /// too, so a test can let a code or a refresh token grow old without waiting.
    ClockOffset {
        /// Seconds added to this machine's clock.
        seconds: i64,
    },
    /// The endpoint answers with this status and a short text instead of doing its work.
    Status {
        /// Where.
        endpoint: Endpoint,
        /// 500, 503, 429, 404, …
        status: u16,
        /// Sent as `Retry-After` when present.
        #[serde(default)]
        retry_after_secs: Option<u32>,
    },
    /// The endpoint waits before it does its work.
    Slow {
        /// Where.
        endpoint: Endpoint,
        /// How long.
        millis: u64,
    },
    /// The endpoint closes the connection without an answer.
    HangUp {
        /// Where.
        endpoint: Endpoint,
    },
    /// The endpoint does its work, and then its answer is spoiled.
    Body {
        /// Where.
        endpoint: Endpoint,
        /// How.
        shape: BodyShape,
    },
    /// A member of the metadata has this value; `null` or absent removes the member.
    DiscoveryMember {
        /// The member's name.
        member: String,
        /// Its value.
        #[serde(default)]
        value: Value,
    },
    /// The key set lacks the key that signs.
    KeysWithoutSigner,
    /// `iss` of another provider.
    WrongIssuer {
        /// In which token.
        token: Token,
    },
    /// `aud` of another app.
    WrongAudience {
        /// In which token.
        token: Token,
    },
    /// The ID token's `nonce` is another one.
    WrongNonce,
    /// A claim is left out.
    MissingClaim {
        /// In which token.
        token: Token,
        /// Which claim.
        claim: String,
    },
    /// A claim has this value.
    ReplaceClaim {
        /// In which token.
        token: Token,
        /// Which claim.
        claim: String,
        /// Its value.
        value: Value,
    },
    /// `alg: none` and an empty signature.
    AlgNone {
        /// Which token.
        token: Token,
    },
    /// HS256 with the published RSA key as the secret: the classic algorithm confusion.
    HmacWithPublicKey {
        /// Which token.
        token: Token,
    },
    /// One bit of the signature is flipped.
    BadSignature {
        /// Which token.
        token: Token,
    },
    /// Signed with a published key that belongs to another cloud.
    ForeignKey {
        /// Which token.
        token: Token,
    },
    /// Signed with a key that is not published.
    UnpublishedKey {
        /// Which token.
        token: Token,
    },
    /// `exp` two hours ago.
    Expired {
        /// Which token.
        token: Token,
    },
    /// `nbf` and `iat` two hours ahead.
    NotYetValid {
        /// Which token.
        token: Token,
    },
    /// A claim of so many bytes is added.
    OversizeToken {
        /// Which token.
        token: Token,
        /// How many bytes.
        bytes: u32,
    },
    /// An access token for an API is an opaque string.
    OpaqueAccessToken,
    /// A new key is published and used immediately before the next ID token is signed.
    RollBeforeSigning,
    /// `expires_in` is a string.
    StringExpiresIn,
    /// `expires_in` is missing.
    NoExpiresIn,
    /// Access tokens live this long (`expires_in` and `exp`).
    ShortAccessToken {
        /// Seconds.
        seconds: u32,
    },
    /// No `refresh_token` in the token response.
    NoRefreshToken,
    /// No `id_token` in the token response.
    NoIdToken,
    /// No `access_token` in the token response.
    NoAccessToken,
    /// The token endpoint refuses with this error.
    TokenError {
        /// Only for this `grant_type`; absent means every one.
        #[serde(default)]
        grant_type: Option<String>,
        /// The OAuth error code.
        error: String,
        /// The AADSTS number.
        aadsts: u32,
        /// `suberror`, when present.
        #[serde(default)]
        suberror: Option<String>,
        /// `claims` (a claims challenge), when present.
        #[serde(default)]
        claims: Option<String>,
    },
    /// The authorization endpoint sends this error back to the client.
    AuthorizeError {
        /// The OAuth error code.
        error: String,
        /// The AADSTS number.
        aadsts: u32,
    },
    /// RFC 9207: `authorization_response_iss_parameter_supported` is advertised, and `iss` in the
    /// authorization response is …
    IssParameter {
        /// … right, wrong or missing.
        is: IssParameter,
    },
    /// `state` comes back changed.
    WrongState,
    /// The userinfo endpoint answers for somebody else.
    WrongUserinfoSubject,
}

/// The part of the provider a fault sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Endpoint {
    /// Both metadata documents.
    Discovery,
    /// Both key sets.
    Keys,
    /// The authorization endpoint and its pages.
    Authorize,
    /// The token endpoint.
    Token,
    /// The end-session endpoint.
    Logout,
    /// Both userinfo endpoints.
    Userinfo,
    /// The rest of the Graph imitation.
    Graph,
    /// Every other path.
    Other,
    /// All of them.
    All,
}

impl Endpoint {
    fn covers(self, endpoint: Self) -> bool {
        self == Self::All || self == endpoint
    }

    /// The name used in the journal and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Logout => "logout",
            Self::Userinfo => "userinfo",
            Self::Graph => "graph",
            Self::Other => "other",
            Self::All => "all",
        }
    }
}

/// Which token a fault spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Token {
    /// The ID token.
    IdToken,
    /// The access token.
    AccessToken,
    /// Both.
    Both,
}

impl Token {
    pub(crate) fn covers(self, token: Self) -> bool {
        self == Self::Both || self == token
    }
}

/// How an answer is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BodyShape {
    /// An HTML page with status 200, as a captive portal sends.
    Html,
    /// Nothing at all.
    Empty,
    /// The first half only.
    Truncated,
    /// An empty JSON object.
    EmptyObject,
    /// Two mebibytes of blanks before the answer.
    Oversize,
}

/// What `iss` in the authorization response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IssParameter {
    /// The issuer.
    Right,
    /// Another provider.
    Wrong,
    /// Not there.
    Missing,
}

/// A fault that is switched on, with how often it still acts.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmedFault {
    /// What goes wrong.
    pub fault: Fault,
    /// How many more times; `None` is until it is switched off.
    pub times: Option<u32>,
}

impl From<Fault> for ArmedFault {
    fn from(fault: Fault) -> Self {
        Self { fault, times: None }
    }
}

// `#[serde(flatten)]` would switch off the refusal of unknown members, so the one member that is
// ours is taken out by hand.
impl<'de> Deserialize<'de> for ArmedFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let times = members
            .shift_remove("times")
            .map(serde_json::from_value)
            .transpose()
            .map_err(de::Error::custom)?;
        let fault = serde_json::from_value(Value::Object(members)).map_err(de::Error::custom)?;
        Ok(Self { fault, times })
    }
}

impl Serialize for ArmedFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.fault).map_err(S::Error::custom)?;
        if let (Some(members), Some(times)) = (value.as_object_mut(), self.times) {
            members.insert("times".to_owned(), times.into());
        }
        value.serialize(serializer)
    }
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<ArmedFault>>);

impl Faults {
    pub(crate) fn new(armed: Vec<ArmedFault>) -> Self {
        Self(Mutex::new(armed))
    }

    pub(crate) fn arm(&self, more: Vec<ArmedFault>) {
        self.lock().extend(more);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn armed(&self) -> Vec<ArmedFault> {
        self.lock().clone()
    }

    /// The first answer `choose` gives for an armed fault, which is thereby used once.
    pub(crate) fn fire<T>(&self, choose: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut armed = self.lock();
        let (at, answer) = armed
            .iter()
            .enumerate()
            .filter(|(_, armed)| armed.times != Some(0))
            .find_map(|(at, armed)| choose(&armed.fault).map(|answer| (at, answer)))?;
        if let Some(times) = armed.get_mut(at).and_then(|armed| armed.times.as_mut()) {
            *times -= 1;
        }
        armed.retain(|armed| armed.times != Some(0));
        Some(answer)
    }

    /// Every armed fault that `choose` answers for is used once.
    pub(crate) fn fire_all<T>(&self, choose: impl Fn(&Fault) -> Option<T>) -> Vec<T> {
        let mut armed = self.lock();
        let mut answers = Vec::new();
        for armed in armed.iter_mut().filter(|armed| armed.times != Some(0)) {
            if let Some(answer) = choose(&armed.fault) {
                answers.push(answer);
                if let Some(times) = armed.times.as_mut() {
                    *times -= 1;
                }
            }
        }
        armed.retain(|armed| armed.times != Some(0));
        answers
    }

    /// Whether `fault` is on; uses it once.
    pub(crate) fn fires(&self, fault: &Fault) -> bool {
        self.fire(|armed| (armed == fault).then_some(())).is_some()
    }

    /// Whether a fault of this sort is on, without using it.
    pub(crate) fn is_on(&self, is_it: impl Fn(&Fault) -> bool) -> bool {
        self.lock().iter().any(|armed| is_it(&armed.fault))
    }

    /// What to do to a request for `endpoint` before any work is done.
    pub(crate) fn on_arrival(&self, endpoint: Endpoint) -> Arrival {
        let slow_millis = self.fire(|fault| match fault {
            Fault::Slow {
                endpoint: at,
                millis,
            } if at.covers(endpoint) => Some(*millis),
            _ => None,
        });
        let hang_up = self
            .fire(|fault| match fault {
                Fault::HangUp { endpoint: at } if at.covers(endpoint) => Some(()),
                _ => None,
            })
            .is_some();
        let status = self.fire(|fault| match fault {
            Fault::Status {
                endpoint: at,
                status,
                retry_after_secs,
            } if at.covers(endpoint) => Some((*status, *retry_after_secs)),
            _ => None,
        });
        Arrival {
            slow_millis,
            hang_up,
            status,
        }
    }

    /// How the finished answer of `endpoint` is to be spoiled.
    pub(crate) fn on_departure(&self, endpoint: Endpoint) -> Option<BodyShape> {
        self.fire(|fault| match fault {
            Fault::Body {
                endpoint: at,
                shape,
            } if at.covers(endpoint) => Some(*shape),
            _ => None,
        })
    }

    /// Seconds by which the clock is off. Asking does not use the fault.
    pub(crate) fn clock_offset_secs(&self) -> i64 {
        self.lock()
            .iter()
            .map(|armed| match armed.fault {
                Fault::ClockOffset { seconds } => seconds,
                _ => 0,
            })
            .sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<ArmedFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the switched-on faults do to a request that has just arrived.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    pub(crate) slow_millis: Option<u64>,
    pub(crate) hang_up: bool,
    pub(crate) status: Option<(u16, Option<u32>)>,
}

#[cfg(test)]
mod tests;
