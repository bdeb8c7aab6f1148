//! A local identity provider that behaves like Microsoft Entra ID, for laptops and tests.
//!
//! It reproduces what real sign-ins meet: two versions of endpoints and tokens with different
//! issuers, access tokens whose form the *API's* registration decides, Graph tokens nobody else can
//! check, opaque tokens, AADSTS refusals in Entra's shape and order, keys that change. Its token
//! code comes from a library and shares nothing with the code it tests.
//!
//! All its secrets are public, so it listens on loopback only, says what it is on every page, and
//! marks every JWT with the claim `local_test_token`.
//!
//! # Starting it
//!
//! ```no_run
//! # async fn example() -> Result<(), vestibule_idp::StartError> {
//! use vestibule_idp::{Idp, IdpSettings};
//!
//! let idp = Idp::start(IdpSettings::built_in(), 8081).await?;
//! for (name, value) in idp.describe() {
//!     println!("{name}: {value}");
//! }
//! idp.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # How a test signs in without a browser
//!
//! The account picker is a form that posts to the authorization endpoint with the client's own
//! parameters in the query. So a test sends one `POST` to the very URL the client would have sent
//! the browser to, with the body `account=ada` (`Content-Type: application/x-www-form-urlencoded`),
//! and reads the redirect. The ready accounts are `ada` (an ordinary member), `gus` (a guest without
//! `upn`), `mina` (in 250 groups), `rafael` (an administrator with app roles) and `pia` (a personal
//! account). `account=new` makes a person from `new_name`, `new_username`, `new_kind` (`member`,
//! `guest`, `personal`), `new_groups` and `new_roles`. Where the consent page answers instead, the
//! same `POST` with `account=ada&decision=accept` goes on. The cookie of the answer is the
//! provider's session; whoever keeps it is not asked again.
//!
//! # Where it is not Entra
//!
//! There are no passwords. The demo API keeps `access_token_version = 1`, the value of a manifest
//! nobody has touched, so that the demo shows the commonest set-up: a version 1.0 access token next
//! to a version 2.0 ID token. A personal account is also a guest of the home tenant, and gets the
//! opaque ticket for Graph there too, so that one picker shows every kind of token. The version 1.0
//! issuer is `http://127.0.0.1:PORT/sts/<tenant>/` in place of `https://sts.windows.net/<tenant>/`,
//! and Graph lives under `/graph` of the same origin. Device code, implicit access tokens and client
//! assertions are refused.

mod aadsts;
mod clock;
mod control;
mod directory;
mod endpoints;
mod entropy;
mod faults;
mod grants;
mod guid;
mod journal;
mod pages;
mod parameters;
mod provider;
mod reply;
mod scope;
mod server;
mod sessions;
mod settings;
mod shelf;
mod tokens;

pub use faults::{ArmedFault, BodyShape, Endpoint, Fault, IssParameter, NextLink, Token};
pub use guid::{Guid, NotAGuid};
pub use journal::{Details, Entry, Journal};
pub use server::{Bound, Idp, Running, StartError};
pub use settings::{
    Accounts, AppSettings, BUILT_IN_TOML, Consent, ControlPort, IdpSettings, PersonSettings,
    RedirectMatching, RefreshReuse, SettingsError, TenantSettings, TokenSettings,
};
pub use tokens::{KeyFailure, Roll};
