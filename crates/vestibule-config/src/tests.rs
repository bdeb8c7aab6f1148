//! The whole of it: files in, problems or settings out. One mistake per file under `testdata/config/bad`.

mod documents;
mod examples;
mod mistakes;
mod robustness;
mod values;
mod without_secrets;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Environment, Loaded, Problems, SecretError, SecretFile, SecretSource, parse};

/// Has a fitting secret for nearly every name, and a faulty one for names that say so.
#[derive(Debug)]
struct Pretended;

const KEY: &str = "c2Vzc2lvbiBzZWFsaW5nIGtleSBmb3IgdGVzdHMgISE";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";

impl SecretSource for Pretended {
    fn variable(&self, name: &str) -> Result<Zeroizing<String>, SecretError> {
        let value = match name {
            "MISSING" => return Err(SecretError::Missing),
            "EMPTY" => "\n",
            "QUOTED" => "\"v4lue\"",
            "SECRET_ID" => "0f9e8d7c-6b5a-4938-8271-605f4e3d2c1b",
            "SHORT" => "hunter2",
            "OLD_KEY" => KEY,
            "SESSIONS_SECRET" => "not-a-real-secret-of-the-page",
            _ => "not-a-real-secret-value",
        };
        Ok(Zeroizing::new(value.to_owned()))
    }

    fn file(&self, path: &Path) -> Result<SecretFile, SecretError> {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let text = match name {
            "missing" => return Err(SecretError::Missing),
            "key" if path.starts_with("/new") => return Err(SecretError::Missing),
            "key" => KEY.to_owned(),
            "certificate.pem" => PEM.replace("PRIVATE KEY", "CERTIFICATE"),
            "encrypted.pem" => PEM.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            _ if name.ends_with(".pem") => PEM.to_owned(),
            _ => "not-a-real-secret-value\n".to_owned(),
        };
        Ok(SecretFile {
            content: Zeroizing::new(text.into_bytes()),
            group_can_read: name.ends_with("-readable"),
            others_can_read: name == "world-readable" || path.starts_with("/exposed"),
            read_only: path.starts_with("/read-only"),
        })
    }

    fn certificates(&self, path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
        let text = match path.file_name().and_then(|name| name.to_str()) {
            Some("missing.pem") => return Err(SecretError::Missing),
            Some("empty.pem") => "\n".to_owned(),
            Some("key.pem") => PEM.to_owned(),
            Some("certificate.der") => "\x30\x03\x02\x01\x05".to_owned(),
            Some("cut-off.pem") => CERTIFICATE.replace("MAMCAQU=", "MAMC"),
            _ => CERTIFICATE.to_owned(),
        };
        Ok(Some(text.into_bytes()))
    }

    fn folder(&self, path: &Path) -> Result<(), SecretError> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("missing") => Err(SecretError::Missing),
            Some("file.html") => Err(SecretError::Unreadable("Not a directory".to_owned())),
            _ => Ok(()),
        }
    }
}

fn environment() -> Environment<'static> {
    Environment::new(&Pretended, "/etc/vestibule", "/var/lib/vestibule")
}

fn read(text: &str) -> Result<Loaded, Problems> {
    parse(text, &environment())
}

/// A file with the least there must be, and `route` in its route.
fn with_route(route: &str) -> Result<Loaded, Problems> {
    read(&format!(
        "public_url = \"https://portal.example.com\"\nlisten = \"127.0.0.1:8080\"\n\
         [provider]\nissuer = \"https://id.example.com\"\nclient_id = \"portal\"\n\
         [[route]]\npath = \"/\"\nupstream = \"http://localhost:3000\"\n{route}\n"
    ))
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Name and text of every TOML file in a folder of the repository, by name.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(repository().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}
