//! `"env:NAME"` and `"file:PATH"`: where a secret is, and fetching it.

use std::path::PathBuf;

use super::{Item, finding};
use crate::environment::{SecretError, SecretFile, SecretText};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Variable(String),
    File(PathBuf),
}

impl Item<'_> {
    /// Where the secret is. A secret written into the file itself is refused and hidden from reports.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let Some(text) = self.as_str() else {
            self.context.hide(self.span());
            let name = self.key.rsplit('.').next().unwrap_or_default();
            self.error(
                format!("`{name}` does not say where the secret is"),
                "write \"env:NAME\" or \"file:PATH\"",
            );
            return None;
        };
        if let Some(name) = text.strip_prefix("env:") {
            let first = name
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            if first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Some(Reference::Variable(name.to_owned()));
            }
            self.error(
                "this names no environment variable",
                "write \"env:NAME\", the name from letters, digits and `_`",
            );
            return None;
        }
        if let Some(path) = text.strip_prefix("file:") {
            if !path.trim().is_empty() {
                return Some(Reference::File(self.context.environment.base.join(path)));
            }
            self.error("this names no file", "write \"file:PATH\"");
            return None;
        }
        // Hidden even if it looks like a path: base64 does, too.
        self.context.hide(self.span());
        let path_like = ["/", "./", "../", "~/"]
            .iter()
            .any(|start| text.starts_with(start))
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/._-~".contains(&b));
        if path_like {
            self.error(
                "this does not say whether it is a path or a secret",
                "write file: in front of it, inside the quotes, if it is the path of a file",
            );
            return None;
        }
        let name = match self.key.as_str() {
            "session.keys" => "SESSION_KEY".to_owned(),
            "tls.key" => "TLS_KEY".to_owned(),
            key => key
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase(),
        };
        self.error(
            "a secret stands in the file itself",
            format!(
                "write \"env:{name}\" and set that variable, or \"file:PATH\" and put the secret there; \
                 treat this one as known to others and replace it"
            ),
        );
        None
    }

    /// The secret itself, without the newline an editor leaves at its end.
    pub(crate) fn secret(&self) -> Option<SecretText> {
        self.secret_or("stands-in-for-a-secret-that-is-not-there")
    }

    /// The secret itself. `stand_in` is what it is where a secret may be absent.
    pub(crate) fn secret_or(&self, stand_in: &str) -> Option<SecretText> {
        let (text, place) = match self.reference()? {
            Reference::Variable(name) => {
                let place = format!("the environment variable {name}");
                let fetched = self.fetched(
                    self.context.environment.secrets.variable(&name),
                    &place,
                    "set it for the process that runs vestibule",
                )?;
                let text = fetched.map_or_else(
                    || SecretText::new(stand_in),
                    |value| SecretText::new(value.as_str()),
                );
                (text, place)
            }
            Reference::File(path) => (
                self.secret_file(&path, stand_in)?,
                format!("{}", path.display()),
            ),
        };
        let trimmed = text.expose().trim_end_matches(['\r', '\n']);
        if trimmed.is_empty() {
            self.error(format!("{place} is empty"), "put the secret there");
            return None;
        }
        let quoted = trimmed.len() > 1
            && ['"', '\'']
                .iter()
                .any(|q| trimmed.starts_with(*q) && trimmed.ends_with(*q));
        if quoted || trimmed.trim() != trimmed {
            let message = format!(
                "the secret in {place} has spaces or quotes around it, and they are sent too"
            );
            let help = "take them out if they are not part of it";
            match self.key.ends_with(".client_secret") {
                true => self.warning(finding("VST-CLIENT-SECRET-SPACE", message), help),
                false => self.warning(message, help),
            }
        }
        Some(SecretText::new(trimmed))
    }

    /// The text of a secret file, after a look at who else can read it. `stand_in` is what it is where a
    /// secret may be absent.
    pub(crate) fn secret_file(&self, path: &std::path::Path, stand_in: &str) -> Option<SecretText> {
        let fetched = self.fetched(
            self.context.environment.secrets.file(path),
            &path.display().to_string(),
            "put the secret there, readable for the user that runs vestibule and for nobody else",
        )?;
        let Some(file) = fetched else {
            return Some(SecretText::new(stand_in));
        };
        self.judge_readers(path, &file);
        match std::str::from_utf8(&file.content) {
            Ok(text) => Some(SecretText::new(text)),
            Err(_) => {
                self.error(
                    format!("{} does not hold text", path.display()),
                    "put the secret there as text, in UTF-8",
                );
                None
            }
        }
    }

    /// A secret everybody can read is no secret. A group can be meant (Debian's `ssl-cert`), and on a
    /// read-only mount (Kubernetes) the mode can't be changed from here: those are warnings.
    pub(crate) fn judge_readers(&self, path: &std::path::Path, file: &SecretFile) {
        let path = path.display();
        let help = format!("chmod 600 {path}");
        if file.others_can_read && !file.read_only {
            self.error(format!("every user of this machine can read {path}"), help);
        } else if file.others_can_read {
            self.warning(
                format!("every user of this machine can read {path}, on a read-only mount"),
                "mount it with mode 0400",
            );
        } else if file.group_can_read {
            self.warning(format!("the group of {path} can read it"), help);
        }
    }

    /// `None` for what is refused, and `Some(None)` for what is absent and may be.
    fn fetched<T>(
        &self,
        fetched: Result<T, SecretError>,
        what: &str,
        help: &str,
    ) -> Option<Option<T>> {
        match fetched {
            Ok(value) => Some(Some(value)),
            Err(SecretError::Missing) => {
                self.absent(format!("{what} is not there"), help);
                self.context.environment.without_secrets.then_some(None)
            }
            Err(error) => {
                self.error(format!("{what}: can't {error}"), help);
                None
            }
        }
    }
}
