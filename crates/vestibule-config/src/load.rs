//! From text, or a file, to settings or problems.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::check::{self, Tables};
use crate::environment::Environment;
use crate::position::{excerpt, position};
use crate::problem::{Problem, Problems, Severity};
use crate::read::{Context, Reader};
use crate::section::{admin, limits, log, outbound, pages, provider, route, server, session, tls};
use crate::settings::Settings;
use crate::syntax::repair;

/// A configuration that can be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What somebody should look at; only warnings.
    pub warnings: Problems,
}

/// Why a file gave no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file can't be read.
    #[error("read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file can be read and is refused.
    #[error("use the configuration {}", .0.file())]
    Invalid(Problems),
}

/// More than any configuration needs; what is larger is another file.
const LARGEST: usize = 1024 * 1024;

const DEFAULT_NAME: &str = "vestibule.toml";

/// Reads the file at `path`.
///
/// # Errors
///
/// [`LoadError::Read`] when the file can't be read, [`LoadError::Invalid`] with everything that is wrong with it.
pub fn load(path: &Path, environment: &Environment<'_>) -> Result<Loaded, LoadError> {
    let read = || {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        file.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    let name = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => parse_named(&name, &text, environment).map_err(LoadError::Invalid),
        Err(error) => {
            let sound = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Err(LoadError::Invalid(whole_file(
                &name,
                &text,
                sound,
                "this is not UTF-8 text",
                "save the file as UTF-8",
            )))
        }
    }
}

/// Reads the text of a configuration.
///
/// # Errors
///
/// Everything that is wrong with it, warnings included.
pub fn parse(text: &str, environment: &Environment<'_>) -> Result<Loaded, Problems> {
    parse_named(DEFAULT_NAME, text, environment)
}

/// The same for a text that is called `name` in what is said of it.
///
/// # Errors
///
/// Everything that is wrong with it, warnings included.
pub fn parse_named(
    name: &str,
    text: &str,
    environment: &Environment<'_>,
) -> Result<Loaded, Problems> {
    if text.len() > LARGEST {
        let help = "name the right file; a configuration is at most 1 MiB";
        return Err(whole_file(
            name,
            text,
            0,
            "this is too large for a configuration",
            help,
        ));
    }
    let repaired = repair(text);
    let (document, _) = DeTable::parse_recoverable(&repaired.text);
    let broken = !repaired.mistakes.is_empty();
    let context = Context::new(
        &repaired.text,
        environment,
        broken.then_some(repaired.trusted),
    );
    for mistake in repaired.mistakes {
        context.syntax(mistake.span, mistake.message, mistake.help);
    }
    let settings = settings(&context, document.get_ref());
    let problems = Problems::new(name.to_owned(), context.into_problems(text));
    match settings {
        Some(settings) if !problems.has_errors() => Ok(Loaded {
            settings,
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

/// Every table is read, whatever is wrong with the others; only then is it asked whether all could be.
fn settings(context: &Context<'_>, document: &DeTable<'_>) -> Option<Settings> {
    let root = Reader::open(context, &server::ROOT, String::new(), document, 0..0);
    let public_urls = server::read_public_urls(&root);
    let listen = server::read_listen(&root);
    let tls = tls::read(&root);
    let trusted_proxies = server::read_trusted_proxies(&root);
    let forwarded_host = root.flag("forwarded_host");
    let threads = server::read_threads(&root);
    let limits = limits::read(&root);
    let providers = provider::read(&root);
    let session = session::read(&root);
    let routes = route::read(&root, &providers, &provider::kinds(&root));
    let log = log::read(&root);
    let admin = admin::read(&root, session.as_ref());
    let outbound = outbound::read(&root);
    let pages = pages::read(&root);

    let marks = root.marks();
    if context.trusted.is_none() {
        check::check(
            context,
            &Tables {
                root: &marks,
                public_urls: &public_urls,
                providers: &providers,
                routes: &routes,
                session: session.as_ref(),
                is_behind: !trusted_proxies.is_empty(),
                anybody_forwards: root.flag("danger_any_forwarder"),
                providers_complete: !providers.is_empty() || !marks.has("provider"),
            },
        );
    }
    Some(Settings {
        public_urls,
        listen,
        tls,
        trusted_proxies,
        forwarded_host,
        threads,
        limits: limits?,
        providers: providers
            .into_iter()
            .map(|provider| provider.value)
            .collect(),
        session: session?,
        routes: routes.into_iter().map(|route| route.value).collect(),
        log,
        admin,
        outbound,
        pages,
    })
}

fn whole_file(name: &str, text: &str, offset: usize, message: &str, help: &str) -> Problems {
    let at = position(text, offset);
    let problem = Problem {
        severity: Severity::Error,
        line: at.line,
        column: at.column,
        key: String::new(),
        message: message.to_owned(),
        help: help.to_owned(),
        code: None,
        why: None,
        excerpt: excerpt(text, &(offset..offset), &[]),
    };
    Problems::new(name.to_owned(), vec![problem])
}
