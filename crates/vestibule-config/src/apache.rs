//! Reads the configuration of Apache httpd with mod_auth_openidc, and writes `vestibule.toml` in its place.
//!
//! In: files, as Apache reads them. Out: an [`Import`], with the text of a `vestibule.toml` that the ordinary loader
//! reads, its secrets apart, and a [`Report`] that says of every directive what it became. What can't be told exactly and
//! could open access stops the import; nothing is ever run, `exec:` included.
//!
//! | step | module |
//! |---|---|
//! | text to directives and sections | `syntax` |
//! | includes, variables, conditions | `expand`, `include`, `variables`, `condition` |
//! | which virtual hosts, which sections hold at a path | `site`, `several`, `location`, `paths_of_pattern` |
//! | which app is asked | `mount`, `balancer`, `rewrite` |
//! | what a header is made of, where it is looked up on the way | `looked_up` |
//! | who may pass | `rule`, `expression`, `claim` |
//! | the tables of `vestibule.toml` | `map`, `write` |
//! | every directive there is, and what becomes of it | `inventory`, `core_directives` |

mod balancer;
mod claim;
mod condition;
mod core_directives;
mod expand;
mod expression;
mod files;
mod include;
mod inventory;
mod location;
mod looked_up;
mod map;
mod mount;
mod paths_of_pattern;
mod pcre;
mod report;
mod rewrite;
mod rule;
mod several;
mod site;
mod syntax;
mod variables;
mod write;

#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

pub use files::{DiskFiles, Files, FixedFiles};
pub use report::{Entry, Outcome, Report};
pub use syntax::Place;

use zeroize::Zeroizing;

use crate::environment::SecretText;
use expand::{Expanded, Item, Line};
use map::{Choices, Draft};
use report::{Ledger, Stop};

/// The version of mod_auth_openidc that a configuration was written for: its defaults moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceVersion([u16; 4]);

impl SourceVersion {
    /// 2.4.12.3, which Debian 12 has. The default.
    pub const DEBIAN_12: Self = Self([2, 4, 12, 3]);

    /// Its numbers, the most important first.
    #[must_use]
    pub const fn parts(self) -> [u16; 4] {
        self.0
    }
}

impl Default for SourceVersion {
    fn default() -> Self {
        Self::DEBIAN_12
    }
}

impl fmt::Display for SourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, fix] = self.0;
        write!(f, "{major}.{minor}.{patch}.{fix}")
    }
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {found:?} as a version of mod_auth_openidc, like 2.4.12.3")]
pub struct SourceVersionError {
    /// What was found.
    pub found: String,
}

impl FromStr for SourceVersion {
    type Err = SourceVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = [0; 4];
        let error = || SourceVersionError {
            found: text.to_owned(),
        };
        // A Debian revision may follow: 2.4.12.3-2+deb12u5.
        let upstream = text.split('-').next().unwrap_or(text);
        let written: Vec<&str> = upstream.split('.').collect();
        if !(3..=4).contains(&written.len()) {
            return Err(error());
        }
        for (slot, part) in parts.iter_mut().zip(written) {
            *slot = part.parse().map_err(|_| error())?;
        }
        Ok(Self(parts))
    }
}

/// How `vestibule.toml` names the secrets. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecretForm {
    /// As environment variables: `"env:NAME"`.
    #[default]
    Variables,
    /// As files beside it: `"file:NAME"`.
    Files,
    /// As environment variables that the program answers for itself: nobody has to set one.
    Held,
}

/// A key that was made for this import, 32 random bytes: it seals the sessions that browsers carry, where Apache has them
/// do so.
#[derive(Clone, Copy)]
pub struct NewKey([u8; 32]);

impl NewKey {
    /// A key of this entropy.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// As `keys` of `[session]` take it.
    fn hexadecimal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0 {
            // Writing to a text can't fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(…)")
    }
}

/// What an import needs to know besides the files.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// Whose defaults hold; Debian 12's.
    pub version: SourceVersion,
    /// Where to listen instead of where Apache does.
    pub listen: Option<SocketAddr>,
    /// How secrets are named; as environment variables.
    pub secrets: SecretForm,
    /// A key to keep beside the TOML; without one, sessions live in a file, whatever Apache has.
    pub new_key: Option<NewKey>,
}

/// A secret of the configuration, which is never in the TOML.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SecretValue {
    /// The environment variable that `"env:NAME"` names.
    pub variable: String,
    /// The file, beside the TOML, that `"file:NAME"` names.
    pub file: String,
    /// The secret.
    pub value: SecretText,
}

/// What the configuration says where the TOML says something better: for the diagnosis, which tells why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AsWritten {
    /// The scopes.
    pub scopes: Option<Vec<String>>,
    /// The whole redirect URI.
    pub redirect_uri: Option<String>,
    /// Its path.
    pub redirect_path: Option<String>,
    /// Whether the metadata's address looks like Entra's v2.0 endpoint.
    pub is_entra_v2: bool,
    /// A `ProxyPassReverse` that fits no `ProxyPass`: the path that is proxied, and its own.
    pub reverse: Option<(String, String)>,
    /// The paths of the routes.
    pub routes: Vec<String>,
}

/// What came out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Import {
    /// The text of `vestibule.toml`. Of an import that stopped it is what could be told.
    pub toml: String,
    /// Its secrets.
    pub secrets: Vec<SecretValue>,
    /// What became of every directive.
    pub report: Report,
    /// What was written before it was bettered.
    pub as_written: AsWritten,
    origins: Vec<Option<Place>>,
}

impl Import {
    /// Where line `line` of the TOML, from 1, comes from.
    #[must_use]
    pub fn origin(&self, line: usize) -> Option<&Place> {
        self.origins.get(line.checked_sub(1)?)?.as_ref()
    }
}

/// Imports the configuration in the file, or folder, at `path`. `variables` answers for `${NAME}` that no `Define`
/// defines.
///
/// It never fails: what can't be read is an entry of the report that stops.
#[must_use]
pub fn import(
    path: &Path,
    files: &dyn Files,
    variables: &dyn Fn(&str) -> Option<String>,
    options: &ImportOptions,
) -> Import {
    let mut ledger = Ledger::default();
    let mut draft = Draft::new();
    match expand::expand(files, variables, path) {
        Ok(mut tree) if tree.stops.is_empty() => {
            looked_up::name_at_once(&mut tree.items);
            of_tree(path, &tree, options, &mut draft, &mut ledger);
        }
        // What the rest would come to can't be told.
        Ok(tree) => {
            unfollowed(tree.stops, &mut ledger);
            without_provider(path, files, &mut ledger);
        }
        Err(stop) => {
            unfollowed(vec![stop], &mut ledger);
            without_provider(path, files, &mut ledger);
        }
    }
    let Draft {
        urls: _,
        top,
        provider,
        named_providers,
        session,
        routes,
        outbound,
        secrets,
        as_written,
    } = draft;
    let remarks = [format!("Imported from {}.", path.display())];
    let mut tables = vec![top, provider];
    tables.extend(named_providers);
    tables.push(session);
    tables.extend(routes);
    tables.push(outbound);
    let written = write::write(&remarks, &tables);
    if !ledger.stops() {
        refused(&written, &mut ledger);
    }
    Import {
        toml: written.text,
        secrets,
        report: ledger.into_report(options.version),
        as_written,
        origins: written.from,
    }
}

fn unfollowed(stops: Vec<Stop>, ledger: &mut Ledger) {
    for Stop { at, message, help } in stops {
        ledger.met(&at.file);
        ledger.stop_at(&at, "syntax", message, help);
    }
}

/// Says of one file that can't be taken apart that it names no provider either, so that both are mended at once.
fn without_provider(path: &Path, files: &dyn Files, ledger: &mut Ledger) {
    let Ok(text) = files.read(path, 1 << 20) else {
        return;
    };
    let text = String::from_utf8_lossy(&text).to_lowercase();
    let names = |line: &str| {
        [
            "oidcprovidermetadataurl",
            "oidcproviderissuer",
            "oidcmetadatadir",
            "include",
            "$",
        ]
        .iter()
        .any(|name| {
            line.trim_start_matches('\u{feff}')
                .trim_start()
                .starts_with(name)
        })
    };
    if text.contains("oidc") && !text.lines().any(names) {
        let at = Place {
            file: Arc::from(path.display().to_string()),
            line: 1,
        };
        map::provider::missing(&at, ledger);
    }
}

/// What the ordinary loader refuses of the TOML stops at the line of Apache's that it comes from: nobody has seen the TOML.
fn refused(written: &write::Written, ledger: &mut Ledger) {
    let secrets = crate::FixedSecrets::new();
    let environment = crate::Environment::new(&secrets, "/", "/").without_secrets();
    let Err(problems) = crate::parse(&written.text, &environment) else {
        return;
    };
    for problem in &problems {
        let is_error = problem.severity == crate::Severity::Error && problem.code.is_none();
        let before = written.from.get(..problem.line).unwrap_or(&written.from);
        let Some(at) = before.iter().rev().flatten().next().filter(|_| is_error) else {
            continue;
        };
        let name = ledger.name_at(at).unwrap_or("vestibule.toml").to_owned();
        let says = format!("what this becomes is refused: {}", problem.message);
        ledger.stop_at(at, &name, says, problem.help.as_str());
    }
}

fn of_tree(
    path: &Path,
    tree: &Expanded,
    options: &ImportOptions,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let whole = Place {
        file: Arc::from(path.display().to_string()),
        line: 1,
    };
    ledger.met(&whole.file);
    for file in &tree.files {
        ledger.met(file);
    }
    let mut sites = site::sites(&tree.items);
    let concerned = sites.iter().filter(|site| site.concerns_us()).count();
    let shared = sites.len() > 1 && concerned == 0 && site::is_shared(&tree.items);
    if shared {
        ledger.stop_at(
            &whole,
            "<VirtualHost>",
            "what is outside of the virtual hosts is proxied or protected for all of them",
            "write it into the one virtual host that is meant",
        );
        return;
    }
    if concerned > 0 {
        let (ours, others) = sites.into_iter().partition(site::Site::concerns_us);
        sites = ours;
        for other in &others {
            leave_out(other, ledger);
        }
    }
    let choices = Choices {
        listen: options.listen,
        secrets: options.secrets,
        version: options.version,
        new_key: options.new_key,
    };
    match sites.as_slice() {
        [] => return,
        [site] => of_site(site, tree, &choices, draft, ledger, &whole),
        several => {
            if !several::told_apart_by_name(several, ledger) {
                return;
            }
            let mut all = Vec::new();
            for site in several {
                let mut one = several::One {
                    site,
                    draft: Draft::new(),
                };
                let mut own = Ledger::default();
                let at = site.host.map_or(&whole, |host| &host.at);
                of_site(site, tree, &choices, &mut one.draft, &mut own, at);
                ledger.absorb(own);
                all.push(one);
            }
            // What one that stopped would have come to can't be compared.
            if !ledger.stops() {
                *draft = several::joined(all, choices.secrets, ledger);
            }
        }
    }
    if choices.secrets == SecretForm::Variables {
        for secret in &draft.secrets {
            ledger.todo(format!(
                "set the environment variable {}, or let --write put it into a file",
                secret.variable
            ));
        }
    }
}

fn of_site(
    site: &site::Site<'_>,
    tree: &Expanded,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
    whole: &Place,
) {
    later(site, choices.version, ledger);
    map::public::map(site, choices, draft, ledger, whole);
    map::provider::map(site, choices, draft, ledger, whole);
    map::session::map(site, choices, draft, ledger);
    map::routes::map(site, choices, draft, ledger, whole);
    by_version(site, choices.version, ledger);
    let has_bearer = has_bearer(&tree.items);
    map::remainder::map(site, &tree.guessed, has_bearer, ledger);
}

fn leave_out(other: &site::Site<'_>, ledger: &mut Ledger) {
    if let Some(host) = other.host {
        let called = format!("<{} {}>", host.name, host.words.join(" "));
        let redirects = host.children.iter().any(|item| {
            matches!(item, Item::Line(line) if line.name.to_ascii_lowercase().starts_with("re") && line.words.iter().any(|word| word.starts_with("https://")))
        });
        let help = match redirects {
            true => {
                "for people who type the address without https, have something on that port that sends them there"
            }
            false => "",
        };
        ledger.note(
            &host.at,
            &called,
            Outcome::Lost,
            "this virtual host is left out: nothing in it is proxied or protected",
            help,
        );
        let why = format!("left out, with its virtual host on line {}", host.at.line);
        site::leave_out(&host.children, ledger, &why);
    }
}

fn every_line<'t>(items: &'t [Item], found: &mut Vec<&'t Line>) {
    for item in items {
        match item {
            Item::Line(line) => found.push(line),
            Item::Section(section) => every_line(&section.children, found),
        }
    }
}

fn has_bearer(items: &[Item]) -> bool {
    let mut lines = Vec::new();
    every_line(items, &mut lines);
    lines.iter().any(|line| {
        let kind = line.word(0).to_ascii_lowercase();
        line.is("AuthType") && matches!(kind.as_str(), "oauth20" | "auth-openidc")
    })
}

/// Says what another version would do otherwise: its ChangeLog, and what was seen of 2.4.12.3.
fn by_version(site: &site::Site<'_>, version: SourceVersion, ledger: &mut Ledger) {
    if version < SourceVersion([2, 4, 15, 0]) && site.last("OIDCPKCEMethod").is_none() {
        ledger.by_version(
            "sign-in had no PKCE, and has S256 now, as since 2.4.15; danger_no_pkce = true in [provider] leaves it out, for a provider that refuses it",
        );
    }
    if version < SourceVersion([2, 4, 20, 0]) && site.last("OIDCClaimDelimiter").is_none() {
        ledger.by_version(
            "in lists, a delimiter within an element has a backslash before it now, as in 2.4.20, and so has a backslash; \
             danger_plain_lists = true in headers leaves them as they were",
        );
    }
}

/// A directive that the version does not know says that the version is another.
fn later(site: &site::Site<'_>, version: SourceVersion, ledger: &mut Ledger) {
    if version > SourceVersion::DEBIAN_12 {
        return;
    }
    let first = site
        .lines
        .iter()
        .find(|line| inventory::is_later(&line.name));
    if let Some(line) = first {
        ledger.todo(format!(
            "say --source-version: {} is not known to {version}, whose defaults were taken",
            line.name
        ));
    }
}
