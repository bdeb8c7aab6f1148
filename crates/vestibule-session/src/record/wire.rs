//! How a record is written: a CBOR map with integer keys (RFC 8949), claims as JSON text inside.
//!
//! The rules by which versions of the program read each other's records:
//!
//! - A new field gets a new key and is optional. Older programs skip keys they do not know, newer
//!   ones do without keys that are missing.
//! - A key is never used again for something else.
//! - A change that an older program must not overlook raises [`FORMAT`] and says, in `readable_by`,
//!   the lowest format that can still read the record. A program below that refuses it with
//!   [`RecordError::TooNew`]; the person is then signed out on that program, and the record stays
//!   for the newer ones.

use minicbor::{Decode, Encode};
use serde_json::Value;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use zeroize::Zeroizing;

use super::groups::Told;
use super::id_token::KeptIdToken;
use super::tokens::Granted;
use super::userinfo::KeptUserinfo;
use super::{AccessToken, Groups, GroupsUnknown, Record, ResourceKey, TokenSet};
use crate::claims::ClaimsSet;

/// The format this program writes, and the highest it knows.
///
/// | format | since then |
/// |---|---|
/// | 1 | |
/// | 2 | a token may be for an `audience`: who overlooks that takes it for another one |
pub const FORMAT: u32 = 2;

/// The lowest format that can read a record without anything of the later ones.
const READABLE_BY: u32 = 1;

/// The lowest format that can read a record in which a token is for an `audience`.
const READABLE_WITH_AUDIENCE_BY: u32 = 2;

/// Why bytes are not a record that this program can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// They are no record.
    #[error("read the form of a session record")]
    Malformed,
    /// A newer version of the program wrote it in a way that this one cannot read.
    #[error("read a session record that needs format {needs}; this program knows up to {FORMAT}")]
    TooNew {
        /// The lowest format that can read it.
        needs: u32,
    },
}

/// The part that every program, however old, must be able to read.
#[derive(Decode)]
#[cbor(map)]
struct Head {
    #[n(1)]
    readable_by: u32,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Wire<'a> {
    #[n(0)]
    format: u32,
    #[n(1)]
    readable_by: u32,
    #[b(2)]
    provider: &'a str,
    #[b(3)]
    site: &'a str,
    #[b(4)]
    issuer: &'a str,
    #[b(5)]
    subject: &'a str,
    #[b(6)]
    sid: Option<&'a str>,
    #[n(7)]
    auth_time: Option<i64>,
    #[n(8)]
    created_at: i64,
    #[n(9)]
    refreshed_at: i64,
    #[cbor(b(10), with = "minicbor::bytes")]
    claims: &'a [u8],
    #[cbor(b(11), with = "minicbor::bytes")]
    userinfo: Option<&'a [u8]>,
    #[cbor(b(12), with = "minicbor::bytes")]
    access_claims: Option<&'a [u8]>,
    #[b(13)]
    id_token: &'a str,
    #[b(14)]
    refresh_token: Option<&'a str>,
    #[b(15)]
    granted_scope: Option<&'a str>,
    #[b(16)]
    sign_in: WireKey<'a>,
    #[b(17)]
    tokens: Vec<WireToken<'a>>,
    #[b(18)]
    signed_in_for: Option<WireKey<'a>>,
    #[n(19)]
    granted_wider: Option<bool>,
    #[n(20)]
    known_at: Option<i64>,
    #[b(29)]
    groups: Option<WireGroups<'a>>,
    /// Only beside `userinfo`.
    #[b(30)]
    userinfo_token: Option<&'a str>,
}

/// What became of the question for groups. Shapes and reasons of a newer version read as an unknown
/// one's.
#[derive(Encode, Decode)]
#[cbor(map)]
struct WireGroups<'a> {
    #[n(0)]
    asked_at: i64,
    /// 0: all of them; 1: some were asked about; 2: nothing is known.
    #[n(1)]
    told: u8,
    #[b(2)]
    asked: Option<Vec<&'a str>>,
    #[b(3)]
    member: Option<Vec<&'a str>>,
    #[n(4)]
    why: Option<u8>,
    #[n(5)]
    number: Option<u32>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct WireKey<'a> {
    #[b(0)]
    resource: Option<&'a str>,
    #[b(1)]
    scopes: Vec<&'a str>,
    #[b(2)]
    audience: Option<&'a str>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct WireToken<'a> {
    #[b(0)]
    key: WireKey<'a>,
    #[b(1)]
    token: &'a str,
    #[n(2)]
    received_at: i64,
    #[n(3)]
    expires_at: Option<i64>,
    #[b(4)]
    scope: Option<&'a str>,
}

#[expect(
    clippy::expect_used,
    reason = "derived encoders of text and integers into a Vec have no way to fail"
)]
pub(super) fn encode(record: &Record) -> Zeroizing<Vec<u8>> {
    let claims = json(&record.claims);
    let userinfo = record.userinfo().map(json);
    let access_claims = record.access_claims().map(json);
    let id_token = record.id_token();
    let wire = Wire {
        format: FORMAT,
        readable_by: readable_by(record),
        provider: &record.provider,
        site: &record.site,
        issuer: &record.issuer,
        subject: &record.subject,
        sid: record.sid.as_deref(),
        auth_time: record.auth_time.map(UnixTime::as_secs),
        created_at: record.created_at.as_secs(),
        refreshed_at: record.refreshed_at.as_secs(),
        claims: claims.as_bytes(),
        userinfo: userinfo.as_ref().map(|text| text.as_bytes()),
        access_claims: access_claims.as_ref().map(|text| text.as_bytes()),
        id_token: id_token.as_ref().map_or("", |token| token.expose()),
        refresh_token: record
            .refresh_token
            .as_ref()
            .map(|token| token.expose().as_str()),
        granted_scope: record.granted_scope.as_deref(),
        sign_in: WireKey::of(record.tokens.sign_in_key()),
        tokens: record
            .tokens
            .iter()
            .map(|(key, token)| WireToken::of(key, token))
            .collect(),
        signed_in_for: record.signed_in_for.as_ref().map(WireKey::of),
        granted_wider: record.granted_wider.then_some(true),
        known_at: Some(record.known_at.as_secs()),
        groups: record.groups().map(WireGroups::of),
        userinfo_token: record.userinfo_token().map(|token| token.expose().as_str()),
    };
    // No less than it takes: what grows leaves copies of secrets behind.
    let json = [Some(&claims), userinfo.as_ref(), access_claims.as_ref()];
    let json = json.into_iter().flatten().map(|text| text.len());
    let whole = json.sum::<usize>() + wire.id_token.len();
    let capacity = usize::try_from(record.memory_bytes()).unwrap_or(0) + whole + 512;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    minicbor::encode(&wire, &mut *bytes).expect("a Vec takes every write");
    bytes
}

fn readable_by(record: &Record) -> u32 {
    let mut keys = record.tokens.iter().map(|(key, _)| key);
    let own = record.tokens.sign_in_key();
    match own.audience().is_some() || keys.any(|key| key.audience().is_some()) {
        true => READABLE_WITH_AUDIENCE_BY,
        false => READABLE_BY,
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Record, RecordError> {
    let head: Head = minicbor::decode(bytes).map_err(|_| RecordError::Malformed)?;
    if head.readable_by > FORMAT {
        return Err(RecordError::TooNew {
            needs: head.readable_by,
        });
    }
    let wire: Wire<'_> = minicbor::decode(bytes).map_err(|_| RecordError::Malformed)?;
    let tokens = TokenSet {
        sign_in: wire.sign_in.read(),
        held: wire.tokens.iter().map(WireToken::read).collect(),
    };
    let created_at = UnixTime::from_secs(wire.created_at);
    // Older programs wrote none; it was asked for whenever the sign-in's own token came.
    let known_at = match (wire.known_at, tokens.sign_in()) {
        (Some(at), _) => UnixTime::from_secs(at),
        (None, Some(own)) => own.received_at(),
        (None, None) => created_at,
    };
    let said = claims(wire.claims)?;
    Ok(Record {
        provider: wire.provider.to_owned(),
        site: wire.site.to_owned(),
        issuer: wire.issuer.to_owned(),
        subject: wire.subject.to_owned(),
        sid: wire.sid.map(str::to_owned),
        auth_time: wire.auth_time.map(UnixTime::from_secs),
        created_at,
        known_at,
        refreshed_at: UnixTime::from_secs(wire.refreshed_at),
        id_token: KeptIdToken::of(&Secret::from(wire.id_token), &said),
        claims: said,
        userinfo: match wire.userinfo {
            Some(text) => Some(Box::new(KeptUserinfo {
                claims: claims(text)?,
                token: wire.userinfo_token.map(Secret::from),
            })),
            None => None,
        },
        access_claims: wire.access_claims.map(claims).transpose()?,
        groups: wire.groups.as_ref().map(WireGroups::read).map(Box::new),
        refresh_token: wire.refresh_token.map(Secret::from),
        granted_scope: wire.granted_scope.map(str::to_owned),
        tokens,
        signed_in_for: wire.signed_in_for.as_ref().map(WireKey::read),
        granted_wider: wire.granted_wider.unwrap_or_default(),
    })
}

impl<'a> WireKey<'a> {
    fn of(key: &'a ResourceKey) -> Self {
        Self {
            resource: key.resource(),
            scopes: key.scopes().collect(),
            audience: key.audience(),
        }
    }

    fn read(&self) -> ResourceKey {
        ResourceKey::new(self.resource, &self.scopes.join(" ")).with_audience(self.audience)
    }
}

impl<'a> WireToken<'a> {
    fn of(key: &'a ResourceKey, token: &'a AccessToken) -> Self {
        Self {
            key: WireKey::of(key),
            token: token.token().expose(),
            received_at: token.received_at().as_secs(),
            expires_at: token.expires_at().map(UnixTime::as_secs),
            scope: token.scope(),
        }
    }

    fn read(&self) -> (ResourceKey, AccessToken) {
        let token = Granted {
            token: Secret::from(self.token),
            received_at: UnixTime::from_secs(self.received_at),
            expires_at: self.expires_at.map(UnixTime::from_secs),
            scope: self.scope.map(str::to_owned),
        };
        (self.key.read(), token.into())
    }
}

impl<'a> WireGroups<'a> {
    fn of(groups: &'a Groups) -> Self {
        let mut wire = Self {
            asked_at: groups.asked_at().as_secs(),
            told: 0,
            asked: None,
            member: None,
            why: None,
            number: None,
        };
        match &groups.told {
            Told::All(member) => wire.member = Some(member.iter().collect()),
            Told::Of { asked, member } => {
                wire.told = 1;
                wire.asked = Some(asked.iter().collect());
                wire.member = Some(member.iter().collect());
            }
            Told::Unknown(why) => {
                wire.told = 2;
                (wire.why, wire.number) = match *why {
                    GroupsUnknown::NoAnswer { status } => (Some(0), status.map(u32::from)),
                    GroupsUnknown::Forbidden => (Some(1), None),
                    GroupsUnknown::NoToken { aadsts } => (Some(2), aadsts),
                    GroupsUnknown::NoRefreshToken => (Some(3), None),
                    GroupsUnknown::Unusable => (Some(4), None),
                    GroupsUnknown::TooMany => (Some(5), None),
                    GroupsUnknown::NowhereToAsk => (Some(6), None),
                };
            }
        }
        wire
    }

    fn read(&self) -> Groups {
        let asked_at = UnixTime::from_secs(self.asked_at);
        let texts = |list: &Option<Vec<&str>>| -> Vec<String> {
            let list = list.iter().flatten();
            list.map(|text| (*text).to_owned()).collect()
        };
        let member = texts(&self.member);
        match self.told {
            0 => Groups::all(member, asked_at),
            1 => Groups::of(texts(&self.asked), member, asked_at),
            _ => Groups::unknown(self.unknown(), asked_at),
        }
    }

    fn unknown(&self) -> GroupsUnknown {
        match self.why {
            Some(1) => GroupsUnknown::Forbidden,
            Some(2) => GroupsUnknown::NoToken {
                aadsts: self.number,
            },
            Some(3) => GroupsUnknown::NoRefreshToken,
            Some(4) => GroupsUnknown::Unusable,
            Some(5) => GroupsUnknown::TooMany,
            Some(6) => GroupsUnknown::NowhereToAsk,
            _ => GroupsUnknown::NoAnswer {
                status: self.number.and_then(|status| u16::try_from(status).ok()),
            },
        }
    }
}

fn json(claims: &ClaimsSet) -> Zeroizing<String> {
    Zeroizing::new(claims.members().to_string())
}

fn claims(text: &[u8]) -> Result<ClaimsSet, RecordError> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(claims)) => Ok(ClaimsSet::of(&claims)),
        _ => Err(RecordError::Malformed),
    }
}
