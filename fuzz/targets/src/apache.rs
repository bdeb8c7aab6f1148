//! Target `apache`: a configuration of Apache ends in a `vestibule.toml` or in a stop with its place, and no route is open
//! without a word for it.

use std::path::Path;

use vestibule_config::apache::{FixedFiles, ImportOptions, Outcome, import};
use vestibule_config::{Environment, FixedSecrets, Require, parse};

/// The text of a site's file.
pub fn apache(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let lines = text.lines().count();
    let files = FixedFiles::new().file("/etc/apache2/site.conf", &*text);
    let path = Path::new("/etc/apache2/site.conf");
    let import = import(path, &files, &|_| None, &ImportOptions::default());
    for entry in &import.report.entries {
        assert!((1..=lines + 1).contains(&entry.at.line), "{entry:?}");
        assert!(!entry.says.is_empty(), "{entry:?}");
        let needs_help = entry.outcome == Outcome::Stops;
        assert!(!needs_help || entry.help.is_some(), "{entry:?}");
    }
    if import.report.stops() {
        return;
    }
    let mut secrets = FixedSecrets::new();
    for secret in &import.secrets {
        secrets = secrets.variable(&secret.variable, secret.value.expose());
    }
    let environment = Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule");
    let said = text.to_ascii_lowercase();
    let may_be_open =
        said.contains("granted") || said.contains("allow") || said.contains("satisfy");
    if let Ok(loaded) = parse(&import.toml, &environment) {
        let mut routes = loaded.settings.routes.iter();
        let open = routes.any(|route| route.require == Require::Public);
        assert!(may_be_open || !open, "{}", import.toml);
    }
}
