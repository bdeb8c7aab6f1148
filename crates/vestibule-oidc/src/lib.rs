//! The relying party's half of OAuth 2.0 and OpenID Connect, without I/O.
//!
//! Everything here is a function of its arguments: `now` and entropy are passed in, requests come
//! out as data, and answers go in as bytes. What is believed has a type that only the check makes.
//!
//! | step of a sign-in | module | what comes out |
//! |---|---|---|
//! | read the provider's metadata | [`metadata`], [`issuer`] | [`metadata::ProviderMetadata`] |
//! | read its keys | [`jose`] | [`jose::KeySet`] |
//! | send the browser there | [`authorization`], [`pkce`] | a URL |
//! | read what it brings back | [`authorization`] | [`authorization::Callback`] |
//! | redeem the code, later refresh | [`token`], [`client_auth`] | [`token::TokenResponse`] |
//! | verify the ID token | [`id_token`] | [`id_token::VerifiedIdToken`] |
//! | ask for more claims | [`userinfo`] | [`userinfo::UserInfo`] |
//! | sign out at the provider | [`logout`], [`token::RevocationRequest`] | a URL; a request |
//! | be told that a session ended there | [`logout_token`], [`logout::front_channel`] | [`logout_token::VerifiedLogoutToken`] |
//! | look at, or as an API verify, an access token | [`access_token`] | [`access_token::TokenShape`], [`access_token::VerifiedAccessToken`] |
//!
//! Below them: [`json`] and [`claims`] (strict reading), [`secret`], [`time`], [`fault`], and
//! [`microsoft`] (what Microsoft's clouds are called).
//!
//! ```
//! use vestibule_oidc::authorization::{
//!     AuthorizationRequest, CallbackParams, CallbackExpected, Callback, ExtraParameters, Nonce,
//!     ResponseMode, State,
//! };
//! use vestibule_oidc::client_auth::ClientAuthentication;
//! use vestibule_oidc::issuer::{IssuerRule, ProviderKind};
//! use vestibule_oidc::metadata::ProviderMetadata;
//! use vestibule_oidc::pkce::Verifier;
//! use vestibule_oidc::secret::Secret;
//! use vestibule_oidc::token::{Grant, TokenRequest};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rule = IssuerRule::new("https://idp.example", ProviderKind::Detect, vec![]);
//! let metadata = ProviderMetadata::parse(
//!     br#"{ "issuer": "https://idp.example",
//!           "authorization_endpoint": "https://idp.example/authorize",
//!           "token_endpoint": "https://idp.example/token",
//!           "jwks_uri": "https://idp.example/keys" }"#,
//!     &rule,
//! )?;
//!
//! // Start: the entropy comes from whoever does the I/O.
//! let (state, nonce) = (State::from_entropy([1; 32]), Nonce::from_entropy([2; 32]));
//! let verifier = Verifier::from_entropy([3; 32]);
//! let extra = ExtraParameters::default();
//! let go_there = AuthorizationRequest {
//!     endpoint: metadata.authorization_endpoint(),
//!     client_id: "portal",
//!     redirect_uri: "https://app.example/.vestibule/callback",
//!     scopes: &["openid".to_owned(), "profile".to_owned()],
//!     state: &state,
//!     nonce: &nonce,
//!     challenge: Some(&verifier.challenge()),
//!     response_mode: ResponseMode::Query,
//!     max_age: None,
//!     extra: &extra,
//! }
//! .url();
//! assert!(go_there.as_str().contains("code_challenge_method=S256"));
//!
//! // Callback: read, then held against this browser's sign-in.
//! let query = format!("code=abc&state={}", state.expose());
//! let answer = CallbackParams::parse(query.as_bytes())?.check(&CallbackExpected {
//!     state: &state,
//!     issuer: metadata.token_issuer(),
//!     metadata_issuer: metadata.issuer(),
//!     iss_required: metadata.iss_in_response(),
//! })?;
//! let Callback::Code(code) = answer else { panic!("a code") };
//!
//! // Redeem: a request to send, whose answer `TokenResponse::parse` reads and `id_token::verify` judges.
//! let authentication = ClientAuthentication::choose(Some(Secret::from("hunter2")), &metadata);
//! let request = TokenRequest {
//!     endpoint: metadata.token_endpoint(),
//!     client_id: "portal",
//!     authentication: &authentication,
//!     grant: Grant::AuthorizationCode {
//!         code: &code,
//!         redirect_uri: "https://app.example/.vestibule/callback",
//!         verifier: Some(&verifier),
//!     },
//!     scopes: &[],
//!     extra: &extra,
//! }
//! .to_http();
//! assert_eq!(request.url.as_str(), "https://idp.example/token");
//! # Ok(())
//! # }
//! ```

pub mod access_token;
pub mod authorization;
pub mod claims;
pub mod client_auth;
pub mod fault;
pub mod id_token;
pub mod issuer;
pub mod jose;
pub mod json;
pub mod logout;
pub mod logout_token;
pub mod metadata;
pub mod microsoft;
pub mod pkce;
pub mod secret;
#[cfg(test)]
mod test_keys;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod time;
pub mod token;
pub mod userinfo;
