//! `vestibule import`, and the same reading for `run`, `check` and `explain` with `--apache`: another program's
//! configuration, as `vestibule.toml` and a report of what each of its lines became.
//!
//! The settings are always those that the written text gives: what runs is what `import` would write.

mod findings;
mod fold;
mod json;
mod keep;
mod page;
mod scopes;

use std::path::Path;

use vestibule_config::apache::{
    self, DiskFiles, Import, ImportOptions, NewKey, Outcome, Place, SecretForm, SecretValue,
};
use vestibule_config::{
    Environment, Loaded, Problem, Problems, ProcessSecrets, SecretError, SecretFile, SecretSource,
    Settings, parse_named, state_directory,
};
use vestibule_diagnosis::Severity;
use vestibule_proxy::entropy::random_bytes;
use zeroize::Zeroizing;

use self::findings::Found;
pub(crate) use self::findings::without_slashes;
use crate::cli::{CheckArgs, ImportApacheArgs, ImportArgs, ImportFrom};
use crate::exit::Exit;
use crate::load::Secrets;
use crate::output;

/// Runs the command.
pub(crate) fn run(arguments: &ImportArgs) -> Exit {
    let ImportFrom::Apache(arguments) = &arguments.from;
    of_apache(arguments)
}

fn of_apache(arguments: &ImportApacheArgs) -> Exit {
    let new_key = match arguments.write.as_ref().map(|_| random_bytes()) {
        Some(Ok(entropy)) => Some(NewKey::from_entropy(entropy)),
        Some(Err(error)) => {
            output::error("make a key", &error, None);
            return Exit::Impossible;
        }
        None => None,
    };
    let options = ImportOptions {
        version: arguments.source_version,
        listen: arguments.listen,
        secrets: match arguments.write {
            Some(_) => SecretForm::Files,
            None => SecretForm::Variables,
        },
        new_key,
    };
    let imported = Imported::of(&arguments.file, &options, Secrets::Absent);
    if arguments.json {
        output::line(imported.to_json());
    } else {
        imported.print();
    }
    if imported.settings().is_none() {
        return Exit::Wrong;
    }
    match &arguments.write {
        Some(path) => match keep::write(path, &imported.import) {
            Ok(()) => {
                output::notice(format_args!("wrote {}", path.display()));
                Exit::Done
            }
            Err(error) => {
                let help = "name a file that is not there yet, in a folder that is";
                output::error("write the configuration", &*error, Some(help));
                Exit::Impossible
            }
        },
        None => {
            if !arguments.json {
                output::text(&imported.import.toml);
            }
            Exit::Done
        }
    }
}

/// `vestibule check --apache`
pub(crate) fn check(file: &Path, arguments: &CheckArgs) -> Exit {
    let options = ImportOptions {
        version: arguments.source_version,
        secrets: SecretForm::Held,
        ..ImportOptions::default()
    };
    let secrets = match arguments.without_secrets {
        true => Secrets::Absent,
        false => Secrets::Needed,
    };
    let imported = Imported::of(file, &options, secrets);
    match arguments.json {
        true => output::line(imported.to_json()),
        false => imported.print(),
    }
    let open = imported
        .findings
        .iter()
        .any(|found| !found.is_cured && found.severity == Severity::Error);
    match imported.settings() {
        Some(_) if !open => {
            if !arguments.json {
                output::line(format_args!("{} can be run", file.display()));
            }
            Exit::Done
        }
        _ => Exit::Wrong,
    }
}

/// A configuration of Apache, as it was read.
#[derive(Debug)]
pub(crate) struct Imported {
    import: Import,
    loaded: Result<Loaded, Problems>,
    findings: Vec<Found>,
}

impl Imported {
    /// Reads the file or folder, and loads what it became.
    pub(crate) fn of(file: &Path, options: &ImportOptions, secrets: Secrets) -> Self {
        let variables = |name: &str| std::env::var(name).ok();
        let import = apache::import(file, &DiskFiles, &variables, options);
        let folder = match file.is_dir() {
            true => Some(file),
            false => file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty()),
        };
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let kept = Kept(&import.secrets);
        let mut environment = Environment::new(&kept, folder, state_directory());
        if secrets == Secrets::Absent {
            environment = environment.without_secrets();
        }
        let name = format!("vestibule.toml of {}", file.display());
        let loaded = parse_named(&name, &import.toml, &environment);
        let findings = match &loaded {
            Ok(loaded) => findings::of(&import, &loaded.settings, secrets),
            Err(_) => Vec::new(),
        };
        Self {
            import,
            loaded,
            findings,
        }
    }

    /// The settings, if nothing stops the import.
    pub(crate) fn settings(&self) -> Option<&Settings> {
        match &self.loaded {
            Ok(loaded) if !self.import.report.stops() => Some(&loaded.settings),
            _ => None,
        }
    }

    /// The text, the report and the findings, for a program.
    pub(crate) fn to_json(&self) -> String {
        json::of(self)
    }

    /// Prints the report on standard error.
    pub(crate) fn print(&self) {
        output::notice(page::of(self).trim_end());
    }

    /// Writes the report into the log, as one line.
    pub(crate) fn log(&self) {
        let report = page::of(self);
        let report = report.trim_end();
        match self.settings() {
            Some(_) => tracing::info!(report, "read Apache's configuration"),
            None => tracing::error!(report, "Apache's configuration can't be used"),
        }
    }

    /// What the loader says of the text, where the import itself is whole.
    fn problems(&self) -> Option<&Problems> {
        match &self.loaded {
            _ if self.import.report.stops() => None,
            Ok(loaded) => Some(&loaded.warnings),
            Err(problems) => Some(problems),
        }
    }

    /// The line of Apache's that a problem of the text comes from. Certificate and key are two lines there, and one here.
    fn origin(&self, problem: &Problem) -> Option<&Place> {
        let import = &self.import;
        let mut entries = import.report.entries.iter();
        let of_key = entries.find(|entry| {
            problem.key == "tls.key" && entry.name.eq_ignore_ascii_case("SSLCertificateKeyFile")
        });
        of_key
            .map(|entry| &entry.at)
            .or_else(|| import.origin(problem.line))
    }

    /// How many directives had this outcome.
    fn count(&self, outcome: Outcome) -> usize {
        let entries = self.import.report.entries.iter();
        entries.filter(|entry| entry.outcome == outcome).count()
    }
}

/// The secrets of the imported configuration, then those of the process.
struct Kept<'i>(&'i [SecretValue]);

impl SecretSource for Kept<'_> {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        match self.0.iter().find(|secret| secret.variable == name) {
            Some(secret) => Ok(Zeroizing::new(secret.value.expose().to_owned())),
            None => ProcessSecrets.variable(name),
        }
    }

    fn file(&self, path: &Path) -> Result<SecretFile, SecretError> {
        let named = |secret: &&SecretValue| {
            path.file_name()
                .is_some_and(|name| name == secret.file.as_str())
        };
        match self.0.iter().find(named) {
            Some(secret) => Ok(SecretFile {
                content: Zeroizing::new(secret.value.expose().as_bytes().to_vec()),
                group_can_read: false,
                others_can_read: false,
                read_only: false,
            }),
            None => ProcessSecrets.file(path),
        }
    }

    fn certificates(&self, path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
        ProcessSecrets.certificates(path)
    }

    fn folder(&self, path: &Path) -> Result<(), SecretError> {
        ProcessSecrets.folder(path)
    }
}

#[cfg(test)]
mod tests;
