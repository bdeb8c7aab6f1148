//! The pages people see: templates to HTML, and the content security policy that fits them.
//!
//! A template gets data, never markup: everything is escaped on the way in. The style sheet is the
//! only inline part, and the policy names it by its hash, so that a template cannot smuggle in
//! script or another style. An operator may put files of the same names into a directory; each is
//! compiled and rendered once with sample data when it is loaded, so that a broken one is an error
//! then and not in front of a visitor.

mod page;
mod sample;

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};

pub use page::{Link, Page, PageChange, PageFinding, WrittenBy};

const LAYOUT: &str = "layout.html";
/// The part about the cause, given to the pages as `diagnosis`.
const FINDINGS: &str = "findings.html";
const STYLE: &str = "style.css";

/// Largest template file that is read.
const TEMPLATE_MAX_BYTES: u64 = 256 * 1024;

/// The built-in templates, by file name.
const BUILT_IN: [(&str, &str); 9] = [
    (LAYOUT, include_str!("pages/templates/layout.html")),
    ("choice.html", include_str!("pages/templates/choice.html")),
    (
        "sign_out.html",
        include_str!("pages/templates/sign_out.html"),
    ),
    (
        "signed_out.html",
        include_str!("pages/templates/signed_out.html"),
    ),
    (
        "send_again.html",
        include_str!("pages/templates/send_again.html"),
    ),
    ("error.html", include_str!("pages/templates/error.html")),
    (FINDINGS, include_str!("pages/templates/findings.html")),
    (
        "not_allowed.html",
        include_str!("pages/templates/not_allowed.html"),
    ),
    (
        "unavailable.html",
        include_str!("pages/templates/unavailable.html"),
    ),
];

/// The one script there is: it sends a form that was kept over a sign-in. A field of the form may be called `submit`, so the
/// method is not asked of the form.
const SEND_AGAIN: &str = include_str!("pages/templates/send_again.js");

/// The look of all our pages.
pub(crate) const BUILT_IN_STYLE: &str = include_str!("pages/templates/style.css");

/// Why the pages could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// A file of the directory could not be read.
    #[error("read the page template {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of the directory is larger than a template may be.
    #[error("accept the page template {}: it is larger than {TEMPLATE_MAX_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A template does not compile, or fails on sample data.
    #[error("use the page template {name}: {source}")]
    Template {
        /// The template's file name.
        name: String,
        /// What the template engine said, with the line.
        #[source]
        source: minijinja::Error,
    },
    /// A template has variables that its page has not.
    #[error("use the page template {name}: {}", Unknown(variables, *line))]
    Variable {
        /// The template's file name.
        name: String,
        /// Where the first that was needed stands.
        line: Option<usize>,
        /// The variables, in the order of the alphabet.
        variables: Vec<String>,
        /// Those that the page has.
        known: Vec<String>,
    },
    /// The style sheet would end its own element.
    #[error("use the style sheet: it contains `</`")]
    StyleClosesElement,
}

/// Variables that a page has not, in words.
struct Unknown<'e>(&'e [String], Option<usize>);

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.1 {
            write!(f, "line {line}: ")?;
        }
        let names: Vec<_> = self.0.iter().map(|name| format!("`{name}`")).collect();
        let are = match names.len() {
            1 => "is no variable",
            _ => "are no variables",
        };
        write!(f, "{} {are} of this page", names.join(" and "))
    }
}

/// A page ready to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The document.
    pub html: Bytes,
    /// The value of `Content-Security-Policy`.
    pub policy: String,
}

/// The compiled templates of one plan.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    style: Value,
    style_hash: String,
    script_hash: String,
}

impl Pages {
    /// The built-in pages.
    ///
    /// # Errors
    ///
    /// [`PagesError::Template`] if a built-in template is wrong; a test holds that it is not.
    pub fn built_in() -> Result<Self, PagesError> {
        Self::from_sources(|_| Ok(None))
    }

    /// The built-in pages, each replaced by the file of the same name in `directory` if there is
    /// one. `style.css` replaces the style sheet.
    ///
    /// # Errors
    ///
    /// [`PagesError`] for a file that cannot be read, does not compile, or fails on sample data.
    pub fn with_overrides(directory: &Path) -> Result<Self, PagesError> {
        Self::from_sources(|name| read_override(&directory.join(name)))
    }

    fn from_sources(
        replacement: impl Fn(&str) -> Result<Option<String>, PagesError>,
    ) -> Result<Self, PagesError> {
        let mut environment = environment();
        for (name, built_in) in BUILT_IN {
            let source = replacement(name)?.unwrap_or_else(|| built_in.to_owned());
            environment
                .add_template_owned(name, source)
                .map_err(|source| PagesError::Template {
                    name: name.to_owned(),
                    source,
                })?;
        }
        let style = replacement(STYLE)?.unwrap_or_else(|| BUILT_IN_STYLE.to_owned());
        // The sheet goes into the document as it is; HTML ends a style element at this string.
        if style.contains("</") {
            return Err(PagesError::StyleClosesElement);
        }
        let hash = |text: &str| STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
        let pages = Self {
            environment,
            style_hash: hash(&style),
            script_hash: hash(SEND_AGAIN),
            style: Value::from_safe_string(style),
        };
        for page in sample::pages() {
            pages
                .document(&page)
                .map_err(|error| pages.broken(&page, error))?;
        }
        Ok(pages)
    }

    /// What is wrong with a template that failed on this page. The engine does not say which variable it lacks.
    fn broken(&self, page: &Page, source: minijinja::Error) -> PagesError {
        let name = source.name().unwrap_or(page.template()).to_owned();
        let template = match source.kind() {
            ErrorKind::UndefinedError => self.environment.get_template(&name).ok(),
            _ => None,
        };
        let known = page.variables(&name);
        let unknown = |variable: &String| {
            let is_global = self
                .environment
                .globals()
                .any(|(global, _)| global == variable);
            !is_global && !known.contains(variable)
        };
        let used = template.map(|template| template.undeclared_variables(false));
        let mut variables: Vec<_> = used.into_iter().flatten().filter(unknown).collect();
        variables.sort_unstable();
        match variables.is_empty() {
            true => PagesError::Template { name, source },
            false => PagesError::Variable {
                line: source.line(),
                name,
                variables,
                known,
            },
        }
    }

    /// A page with nothing but a heading and a sentence, in the frame of the others.
    #[must_use]
    pub fn notice(&self, title: &str, sentence: &str) -> Rendered {
        let content = format!("<p>{}</p>", escape(sentence));
        let layout = self.environment.get_template(LAYOUT);
        let html = layout.and_then(|layout| {
            layout.render(context! {
                title,
                style => self.style.clone(),
                content => Value::from_safe_string(content.clone()),
            })
        });
        Rendered {
            html: Bytes::from(html.unwrap_or(content)),
            policy: self.policy_with("", "'none'"),
        }
    }

    /// Renders `page`.
    ///
    /// Never fails: a template that fails on this data gives the page's bare facts instead.
    #[must_use]
    pub fn render(&self, page: &Page) -> Rendered {
        let html = self.document(page).unwrap_or_else(|error| {
            tracing::error!(
                template = page.template(),
                error = %error,
                "a page template failed; the visitor gets a bare page"
            );
            bare(page)
        });
        Rendered {
            html: Bytes::from(html),
            policy: self.policy(page),
        }
    }

    fn document(&self, page: &Page) -> Result<String, minijinja::Error> {
        let mut diagnosis = String::new();
        if let Some(findings) = page.findings() {
            let template = self.environment.get_template(FINDINGS)?;
            diagnosis = template.render(context! { findings })?;
        }
        let content = self
            .environment
            .get_template(page.template())?
            .render(context! {
                diagnosis => Value::from_safe_string(diagnosis),
                script => Value::from_safe_string(
                    if page.sends_itself() { SEND_AGAIN } else { "" }.to_owned(),
                ),
                ..page.context()
            })?;
        self.environment.get_template(LAYOUT)?.render(context! {
            title => page.title(),
            style => self.style.clone(),
            content => Value::from_safe_string(content),
        })
    }

    /// No frame, no foreign content, no script but the one that sends a form again; that and the one style sheet by their
    /// hashes.
    fn policy(&self, page: &Page) -> String {
        // Browsers apply `form-action` to the redirects after a form is sent too. Signing out goes on to
        // the provider, which may send the browser to further hosts of its own, and an app that takes a
        // form may send it anywhere.
        let form_action = match page {
            Page::SignOut {
                plain_http: true, ..
            }
            | Page::SendAgain {
                plain_http: true, ..
            } => "'self' https: http:",
            Page::SignOut { .. } | Page::SendAgain { .. } => "'self' https:",
            _ => "'none'",
        };
        let script = match page.sends_itself() {
            true => format!("script-src 'sha256-{}'; ", self.script_hash),
            false => String::new(),
        };
        self.policy_with(&script, form_action)
    }

    fn policy_with(&self, script: &str, form_action: &str) -> String {
        format!(
            "default-src 'none'; {script}style-src 'sha256-{}'; img-src data:; form-action {form_action}; \
             base-uri 'none'; frame-ancestors 'none'",
            self.style_hash
        )
    }
}

/// Where templates are rendered that get data and never markup.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // Every template is HTML, whatever its name.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        // The engine's own escaping also spells `/` as a reference, which makes addresses
        // unreadable in the source and protects from nothing inside quotes.
        Some(text) if !value.is_safe() => Ok(out.write_str(&escape(text))?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(64);
    environment.add_filter("code", |text: String| {
        Value::from_safe_string(with_code(&text))
    });
    environment
}

fn read_override(path: &Path) -> Result<Option<String>, PagesError> {
    let unreadable = |source| PagesError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let length = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if length > TEMPLATE_MAX_BYTES {
        return Err(PagesError::TooLarge {
            path: path.to_owned(),
        });
    }
    std::fs::read_to_string(path).map(Some).map_err(unreadable)
}

/// The page without its template: heading, message, code, incident, all escaped.
fn bare(page: &Page) -> String {
    let (message, code, incident) = match page {
        Page::Error {
            message,
            code,
            incident,
            ..
        }
        | Page::Unavailable {
            message,
            code,
            incident,
            ..
        } => (message.as_str(), *code, incident.to_string()),
        Page::NotAllowed { code, incident, .. } => ("", *code, incident.to_string()),
        Page::Choice { .. }
        | Page::SignOut { .. }
        | Page::SignedOut { .. }
        | Page::SendAgain { .. } => ("", "", String::new()),
    };
    format!(
        "<!doctype html><html lang=\"en\"><title>{title}</title><h1>{title}</h1>\
         <p>{message}</p><p>{code} {incident}</p></html>",
        title = escape(page.title()),
        message = escape(message),
    )
}

/// A text as HTML, with what stands in backticks as code.
fn with_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let mut html = String::with_capacity(text.len() + 32);
    for (at, part) in parts.into_iter().enumerate() {
        match at % 2 {
            0 => html.push_str(&escape(part)),
            _ => html.extend(["<code>", &escape(part), "</code>"]),
        }
    }
    html
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
