//! `vestibule.toml`: text in, checked settings out, every problem at once.
//!
//! What comes in is the text of one TOML file and an [`Environment`] that answers for the secrets it
//! names. What goes out is either [`Settings`], plain checked values that know nothing of the file
//! format, or all [`Problems`] of the file, each with line, column and what to write instead.
//!
//! The keys of each table are described once, in `section/`; the reader, the reference page
//! ([`reference_markdown`]) and the JSON Schema ([`json_schema`]) are all made from that description.
//!
//! ```
//! use vestibule_config::{Environment, FixedSecrets, parse};
//!
//! let secrets = FixedSecrets::new().variable("PORTAL_CLIENT_SECRET", "s3cret");
//! let environment = Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule");
//! let loaded = parse(
//!     r#"
//!     public_url = "https://portal.example.com"
//!     listen     = "127.0.0.1:8080"
//!
//!     [provider]
//!     issuer        = "https://id.example.com"
//!     client_id     = "portal"
//!     client_secret = "env:PORTAL_CLIENT_SECRET"
//!
//!     [[route]]
//!     path     = "/"
//!     upstream = "http://localhost:3000"
//!     "#,
//!     &environment,
//! )?;
//! assert_eq!(loaded.settings.routes.len(), 1);
//!
//! let problems = parse("public_ulr = \"https://portal.example.com\"", &environment).unwrap_err();
//! assert!(problems.to_string().contains("did you mean `public_url`?"));
//! # Ok::<(), vestibule_config::Problems>(())
//! ```

pub mod apache;
mod check;
mod describe;
mod environment;
mod json_schema;
mod load;
mod locate;
mod nearest;
mod position;
mod problem;
mod read;
mod reference;
mod section;
mod settings;
mod syntax;
mod units;

#[cfg(test)]
mod tests;

pub use environment::{
    Environment, FixedSecrets, ProcessSecrets, SecretError, SecretFile, SecretSource, SecretText,
    state_directory,
};
pub use json_schema::json_schema;
pub use load::{LoadError, Loaded, load, parse, parse_named};
pub use problem::{Problem, Problems, Severity};
pub use reference::reference_markdown;
pub use section::admin::AdminSettings;
pub use section::limits::Limits;
pub use section::log::{LogFormat, LogLevel, LogSettings};
pub use section::outbound::OutboundSettings;
pub use section::pages::PagesSettings;
pub use section::provider::{
    ClientAuthentication, Discovery, GraphPermissions, ProviderKind, ProviderSettings,
    RedirectActions, ResponseMode, SessionFact, UserInfo,
};
pub use section::route::{
    AccessToken, AnswerCookies, AnswerHeader, BesideAnswer, CookieSameSite, HeaderEncoding,
    HeaderPreset, HeaderSettings, HeaderSource, IdTokenForm, OwnHeader, Require, RouteSettings,
    UpstreamProtocol, UpstreamSettings, UpstreamTls, UserForm, UserinfoForm, WhenNotAllowed,
    WhenSignedOut,
};
pub use section::rule::{ClaimValue, RuleSettings};
pub use section::server::PublicUrl;
pub use section::session::{SealingKeySource, SessionSettings, StoreSettings};
pub use section::tls::{TlsKey, TlsSettings};
pub use settings::Settings;
pub use units::{UnitError, parse_duration, parse_size};
