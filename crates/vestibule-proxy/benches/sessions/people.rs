//! Sessions as they are at Microsoft Entra ID: an ID token, an access token and a refresh token of the
//! ordinary sizes, and the claims of such an ID token.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::record::{Record, ResourceKey};

/// When the first of them signed in.
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

/// Of the ID token, which has its claims between them.
const HEADER_BYTES: usize = 108;
const SIGNATURE_BYTES: usize = 342;
const ACCESS_TOKEN_BYTES: usize = 1380;
const REFRESH_TOKEN_BYTES: usize = 985;

/// As the sessions of one provider's settings have it: one for all.
static ASKED_FOR: LazyLock<ResourceKey> = LazyLock::new(|| {
    let scope = "openid profile offline_access api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default";
    ResourceKey::new(None, scope)
});

/// What a session holds, for the report.
pub(crate) fn described() -> String {
    let record = record(1, 0, START);
    format!(
        "each with an ID token of {} bytes with 19 claims, an access token of {ACCESS_TOKEN_BYTES}, a refresh token of \
         {REFRESH_TOKEN_BYTES} ({} bytes as a record)",
        record.id_token().unwrap().expose().len(),
        record.encode().len()
    )
}

/// The key of a session.
pub(crate) fn key(number: usize) -> StoreKey {
    let mut entropy = [0; 32];
    entropy[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Handle::from_entropy(entropy).store_key()
}

/// The record of a session that was refreshed so often.
pub(crate) fn record(number: usize, refreshed: usize, now: UnixTime) -> Record {
    let mut draw = Draw((number as u64) << 20 | refreshed as u64 | 1 << 60);
    let fixture = RecordFixture::new(&draw.text(43), now);
    let mut fixture = RecordFixture {
        provider: "provider".to_owned(),
        site: "https://portal.example.com".to_owned(),
        issuer: "https://login.microsoftonline.com/0f1e2d3c-1111-4111-8111-111111111111/v2.0"
            .to_owned(),
        sid: Some(draw.text(36)),
        access_token: draw.text(ACCESS_TOKEN_BYTES),
        refresh_token: Some(draw.text(REFRESH_TOKEN_BYTES)),
        asked_for: ASKED_FOR.clone(),
        ..fixture
    };
    for name in [
        "aud",
        "aio",
        "name",
        "oid",
        "preferred_username",
        "rh",
        "sid",
        "tid",
        "uti",
        "ver",
        "email",
        "nonce",
    ] {
        fixture = fixture.claim(name, draw.text(36));
    }
    for name in ["iat", "nbf", "exp"] {
        fixture = fixture.claim(name, now.as_secs());
    }
    fixture = fixture.claim("roles", json!(["Portal.Reader", "Portal.Editor"]));
    let groups: Vec<String> = (0..8).map(|_| draw.text(36)).collect();
    fixture = fixture.claim("groups", json!(groups));
    let mut claims = json!({ "iss": fixture.issuer, "sub": fixture.subject });
    for (name, value) in &fixture.claims {
        claims[name] = value.clone();
    }
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let (header, signature) = (draw.text(HEADER_BYTES), draw.text(SIGNATURE_BYTES));
    fixture.id_token = format!("{header}.{payload}.{signature}");
    fixture.build()
}

/// Xorshift (Marsaglia 2003): the same on every machine.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 16) % bound as u64).unwrap()
    }

    /// Text as tokens are: nothing in it repeats.
    fn text(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let mut bits = self.next();
            for _ in 0..8.min(length - text.len()) {
                text.push(char::from(LETTERS[(bits & 63) as usize]));
                bits >>= 6;
            }
        }
        text
    }
}
