//! Whether the session store can be read and written. The store itself is not opened: the running proxy may have it
//! open, and one that is not there yet is made by the proxy's own user.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use vestibule_config::StoreSettings;
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Probe, ProbeOutcome, ProbeTarget};

use super::look::Look;

pub(super) fn ask(look: &mut Look, store: &StoreSettings) {
    match store {
        StoreSettings::Memory => {
            look.begin("the session store");
            look.ok("in memory: a restart signs everybody out");
        }
        StoreSettings::Cookie => {
            look.begin("the session store");
            look.ok("in the browsers' cookies: nothing to ask");
        }
        StoreSettings::File(path) => {
            let place = format!("file:{}", path.display());
            look.begin(format!("the session store {place}"));
            match file(path) {
                Ok(fine) => look.ok(fine),
                Err(error) => {
                    let detail = error.to_string();
                    let probe =
                        Probe::new(ProbeTarget::Store, place, ProbeOutcome::Failed { detail });
                    let mut evidence = Evidence::default();
                    evidence.probes.push(probe);
                    look.judge_or(&evidence, error.to_string());
                }
            }
        }
    }
}

/// What is fine about it.
fn file(path: &Path) -> io::Result<&'static str> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) if file.metadata()?.is_file() => {
            try_folder(path.parent())?;
            return Ok("can be read and written");
        }
        Ok(_) => return Err(io::Error::other("it is no file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // The first start makes it, and its folder.
    let there = path.ancestors().skip(1).find(|folder| folder.is_dir());
    try_folder(there)?;
    Ok("not there yet, and can be made")
}

/// Writes a file there, and takes it away again.
fn try_folder(folder: Option<&Path>) -> io::Result<()> {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let path = folder
        .unwrap_or(Path::new("."))
        .join(format!(".vestibule-doctor-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_all());
    drop(file);
    fs::remove_file(&path)?;
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_there_is_not_made() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("deep/sessions");
        assert_eq!(file(&path).unwrap(), "not there yet, and can be made");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_store_is_tried_and_left_as_it_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("sessions");
        fs::write(&path, "content").unwrap();
        assert_eq!(file(&path).unwrap(), "can be read and written");
        assert_eq!(fs::read(&path).unwrap(), b"content");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(file(folder.path()).is_err());
    }
}
