//! The settings file of the provider: which tenants, apps and people there are, how long tokens
//! live, and which faults are on from the start.
//!
//! The shape is that of [`BUILT_IN_TOML`], which is also what a key left out falls back to. What
//! comes out is plain data; [`crate::directory`] checks it and gives it its types.

use std::{io, net::IpAddr, net::Ipv4Addr, path::Path};

use serde::Deserialize;

use crate::{directory::Directory, faults::ArmedFault, guid::Guid};

/// The settings used when no file is given, as a commented TOML text.
pub const BUILT_IN_TOML: &str = include_str!("built_in.toml");

/// Everything the provider can be told.
#[derive(Debug, Clone, PartialEq)]
pub struct IdpSettings {
    /// The address to listen on. Default `127.0.0.1`; anything but loopback is refused at start.
    pub listen: IpAddr,
    /// Whether and where the control listener runs. Default: on, on a free port.
    pub control_port: ControlPort,
    /// The companies; the first is the home tenant. The tenant of personal accounts is always
    /// there and is not listed.
    pub tenants: Vec<TenantSettings>,
    /// The app registrations.
    pub apps: Vec<AppSettings>,
    /// The people on the account picker.
    pub people: Vec<PersonSettings>,
    /// Lifetimes and rotation.
    pub tokens: TokenSettings,
    /// Faults that are on from the start.
    pub faults: Vec<ArmedFault>,
}

/// Whether and where the control listener runs.
///
/// Matched exhaustively by the program, hence not `#[non_exhaustive]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlPort {
    /// No control listener.
    Off,
    /// On this port of the same address; zero picks a free one.
    On(u16),
}

/// One company.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// The tenant's GUID.
    pub id: Guid,
    /// The name shown on pages.
    pub name: String,
    /// A verified domain, usable as tenant in every path.
    pub domain: String,
}

/// One app registration: a client, an API, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// The name shown on pages.
    pub name: String,
    /// The application (client) ID.
    pub client_id: Guid,
    /// The tenant that owns the registration. Default: the home tenant.
    #[serde(default)]
    pub tenant: Option<Guid>,
    /// Who may sign in (`signInAudience`). Default: `single-tenant`.
    #[serde(default)]
    pub accounts: Accounts,
    /// The client secret. Without one the app is a public client.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// The secret exists but is out of date (AADSTS7000222).
    #[serde(default)]
    pub secret_expired: bool,
    /// How redirect URIs are compared. Default: `strict`.
    #[serde(default)]
    pub redirect: RedirectMatching,
    /// Redirect URIs of type Web.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Redirect URIs of type SPA: redeemed by a browser, with an `Origin` header and no secret.
    #[serde(default)]
    pub spa_redirect_uris: Vec<String>,
    /// Opened in a frame when somebody signs out here ("Front-channel logout URL").
    #[serde(default)]
    pub front_channel_logout_url: Option<String>,
    /// Sent a logout token when somebody signs out here. Entra has no such thing, so this can only be
    /// an address of this machine.
    #[serde(default)]
    pub back_channel_logout_url: Option<String>,
    /// Optional claims of this app's ID tokens: `upn`, `email`, `sid`, `login_hint`, `auth_time`,
    /// `acct`, `given_name`, `family_name`, `ipaddr`.
    #[serde(default)]
    pub optional_claims: Vec<String>,
    /// The same for access tokens issued for this app, plus `idtyp`.
    #[serde(default)]
    pub access_token_claims: Vec<String>,
    /// `groupMembershipClaims`: whether tokens made for this app carry the person's groups.
    #[serde(default)]
    pub group_claims: bool,
    /// "ID tokens" ticked under implicit and hybrid flows.
    #[serde(default)]
    pub id_tokens_from_authorize: bool,
    /// Who has agreed that this client acts for people. Default: `granted`.
    #[serde(default)]
    pub consent: Consent,
    /// The accounts assigned to the app; present means that assignment is required.
    #[serde(default)]
    pub assigned: Option<Vec<String>>,
    /// Application ID URIs; present makes the app an API.
    #[serde(default)]
    pub app_id_uris: Vec<String>,
    /// `requestedAccessTokenVersion`: 1 or 2. Default: 1, as in a manifest that says nothing.
    #[serde(default = "version_1")]
    pub access_token_version: u8,
    /// The scopes the API exposes.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The app roles the registration defines.
    #[serde(default)]
    pub app_roles: Vec<String>,
    /// Delegated permissions of Microsoft Graph that this client has been granted. Default:
    /// `User.Read`.
    #[serde(default = "user_read")]
    pub graph_permissions: Vec<String>,
    /// Application permissions of Microsoft Graph that this client has been granted.
    #[serde(default)]
    pub graph_app_permissions: Vec<String>,
}

/// Who may sign in to an app (`signInAudience`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Accounts {
    /// Members and guests of the tenant that owns the registration.
    #[default]
    SingleTenant,
    /// Work accounts of every tenant.
    Organizations,
    /// Work accounts of every tenant, and personal accounts.
    OrganizationsAndPersonal,
}

/// How redirect URIs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RedirectMatching {
    /// Only registered ones, byte for byte; the port of `localhost` does not count.
    #[default]
    Strict,
    /// Registered ones and every `http://localhost` URI.
    AnyLocalhost,
}

/// Who has agreed that a client acts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Consent {
    /// An administrator, for everyone: nobody is asked.
    #[default]
    Granted,
    /// Nobody yet: each person is asked once for each resource.
    Ask,
    /// Nobody yet, and only an administrator can (AADSTS90094).
    AdminOnly,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// The short name a test signs in with: letters, digits, `-`, `_`. `new` is taken.
    pub account: String,
    /// The display name.
    pub name: String,
    /// What the person types to sign in; a member's `upn`.
    pub username: String,
    /// The mail address, if the person has one.
    #[serde(default)]
    pub email: Option<String>,
    /// The person's own tenant. Default: the home tenant.
    #[serde(default)]
    pub tenant: Option<Guid>,
    /// A personal account; its tenant is always the one of personal accounts.
    #[serde(default)]
    pub personal: bool,
    /// Tenants that have invited the person.
    #[serde(default)]
    pub guest_in: Vec<Guid>,
    /// Groups the person is in.
    #[serde(default)]
    pub groups: Vec<Guid>,
    /// So many further groups, made up but always the same.
    #[serde(default)]
    pub group_count: u16,
    /// App roles, given wherever an app defines a role of that name.
    #[serde(default)]
    pub roles: Vec<String>,
    /// May consent for everyone.
    #[serde(default)]
    pub admin: bool,
    /// The account is disabled (AADSTS50057).
    #[serde(default)]
    pub disabled: bool,
    /// One line about the person, shown on the account picker.
    #[serde(default)]
    pub note: String,
}

/// Lifetimes and rotation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSettings {
    /// Lifetime of access tokens. Default: random from 3600 to 5400 for each, as Entra does.
    pub access_token_secs: Option<u32>,
    /// Lifetime of ID tokens. Default: 3600.
    pub id_token_secs: u32,
    /// Lifetime of authorization codes. Default: 600.
    pub code_secs: u32,
    /// Lifetime of an unused refresh token. Default: 90 days.
    pub refresh_token_secs: u32,
    /// What happens to a refresh token that has been used. Default: `accepted`.
    pub refresh_reuse: RefreshReuse,
    /// Offers a revocation endpoint (RFC 7009), which Entra does not. Default: false.
    pub revocation: bool,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            access_token_secs: None,
            id_token_secs: 3_600,
            code_secs: 600,
            refresh_token_secs: 90 * 86_400,
            refresh_reuse: RefreshReuse::Accepted,
            revocation: false,
        }
    }
}

/// What happens to a refresh token that has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefreshReuse {
    /// It keeps working, as at Entra.
    #[default]
    Accepted,
    /// Using it again ends every token of that sign-in, as RFC 9700 §4.14.2 advises and many other
    /// providers do.
    RevokesAll,
}

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file can't be read.
    #[error("read the provider's settings file")]
    Read(#[source] io::Error),
    /// The text is not the TOML expected; the source names line and column.
    #[error("understand the provider's settings")]
    Toml(#[source] Box<toml::de::Error>),
    /// The parts don't fit together.
    #[error("use the provider's settings: {}", .0.join("; "))]
    Problems(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    listen: Option<IpAddr>,
    control_port: Option<ControlPortText>,
    tenant: Option<Vec<TenantSettings>>,
    app: Option<Vec<AppSettings>>,
    person: Option<Vec<PersonSettings>>,
    tokens: Option<TokenSettings>,
    fault: Option<Vec<ArmedFault>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ControlPortText {
    Port(u16),
    Word(Off),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Off {
    Off,
}

impl IdpSettings {
    /// The settings used when no file is given: those of [`BUILT_IN_TOML`].
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is a constant, and a test parses it"
    )]
    pub fn built_in() -> Self {
        let text: Text = toml::from_str(BUILT_IN_TOML).expect("the built-in settings parse");
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            control_port: ControlPort::On(0),
            tenants: text.tenant.unwrap_or_default(),
            apps: text.app.unwrap_or_default(),
            people: text.person.unwrap_or_default(),
            tokens: text.tokens.unwrap_or_default(),
            faults: text.fault.unwrap_or_default(),
        }
    }

    /// Reads settings from TOML; a key that is missing keeps its built-in value.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Toml`] with line and column, or [`SettingsError::Problems`] with everything
    /// that doesn't fit together.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let text: Text =
            toml::from_str(text).map_err(|error| SettingsError::Toml(Box::new(error)))?;
        let built_in = Self::built_in();
        let settings = Self {
            listen: text.listen.unwrap_or(built_in.listen),
            control_port: match text.control_port {
                None => built_in.control_port,
                Some(ControlPortText::Port(port)) => ControlPort::On(port),
                Some(ControlPortText::Word(Off::Off)) => ControlPort::Off,
            },
            tenants: text.tenant.unwrap_or(built_in.tenants),
            apps: text.app.unwrap_or(built_in.apps),
            people: text.person.unwrap_or(built_in.people),
            tokens: text.tokens.unwrap_or(built_in.tokens),
            faults: text.fault.unwrap_or(built_in.faults),
        };
        Directory::new(&settings).map_err(SettingsError::Problems)?;
        Ok(settings)
    }

    /// Reads settings from a TOML file.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Read`], and those of [`IdpSettings::from_toml`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        Self::from_toml(&std::fs::read_to_string(path).map_err(SettingsError::Read)?)
    }
}

impl Default for IdpSettings {
    fn default() -> Self {
        Self::built_in()
    }
}

fn user_read() -> Vec<String> {
    vec!["User.Read".to_owned()]
}

fn version_1() -> u8 {
    1
}

#[cfg(test)]
mod tests;
