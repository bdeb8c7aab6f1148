//! Speaks to a proxy over its socket.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use vestibule_proxy::sessions::SessionView;
use vestibule_proxy::sessions::protocol::{
    ANSWER_MAX_BYTES, Answer, Ask, Ended, Hello, Listed, Refused, Request, VERSION,
};

use crate::exit::Exit;
use crate::output;

/// Longer than a step takes where every question to the store takes as long as it may.
const PATIENCE: Duration = Duration::from_secs(90);

/// A proxy that answers.
pub(super) struct Proxy {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

/// Why it can't be asked, or does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("no Vestibule runs with this configuration: nobody answers on {}", .0.display())]
    NotRunning(PathBuf),
    #[error("{} is for the user that runs Vestibule, and for root", .0.display())]
    NotPermitted(PathBuf),
    #[error("the Vestibule that answers on {} is another one: process {pid} serves {}", path.display(), sites.join(", "))]
    Another {
        path: PathBuf,
        pid: u32,
        sites: Vec<String>,
    },
    #[error(
        "the Vestibule that runs speaks version {theirs} of the protocol, and this one version {VERSION}"
    )]
    Version { theirs: u64 },
    #[error("{message} ({code})")]
    Refused { code: String, message: String },
    #[error("the Vestibule on {} gives no answer that can be understood", .0.display())]
    Nonsense(PathBuf),
    #[error("the Vestibule on {} stopped answering", .0.display())]
    Gone(PathBuf),
    #[error("use the socket {}: {source}", path.display())]
    System { path: PathBuf, source: io::Error },
}

impl Trouble {
    fn help(&self) -> &'static str {
        match self {
            Self::NotRunning(_) => {
                "start it, or name the file it runs with --config FILE; its log names its socket at the start, for --socket PATH"
            }
            Self::NotPermitted(_) => "run this as that user, or with sudo",
            Self::Another { .. } => {
                "two of one user keep sessions in memory: name the file the other runs with --config FILE, or give each a state folder of its own with STATE_DIRECTORY; after a change of public_url, reload"
            }
            Self::Version { .. } => "use the program that runs, or restart it with this one",
            Self::Refused { code, .. } if code.starts_with("store_") => {
                "the proxy's log says more; nobody is signed out meanwhile"
            }
            Self::Refused { .. } => "docs/sessions.md says what can be listed and ended",
            Self::Nonsense(_) => "see that it is the socket of a Vestibule",
            Self::Gone(_) => "see whether it still runs; what was said to have ended has",
            Self::System { .. } => "see that the socket and its folder are there and can be used",
        }
    }

    /// Says it, and how the command ends.
    pub(super) fn print(&self, failed_to: &str) -> Exit {
        output::error(failed_to, self, Some(self.help()));
        Exit::Impossible
    }
}

impl Proxy {
    /// Connects, and sees that this is a proxy of these sites, if they are told.
    pub(super) fn connect(path: &Path, sites: &[String]) -> Result<Self, Trouble> {
        let at = || path.to_owned();
        let stream = UnixStream::connect(path).map_err(|source| match source.kind() {
            // What a killed process left behind refuses.
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Trouble::NotRunning(at()),
            io::ErrorKind::PermissionDenied => Trouble::NotPermitted(at()),
            _ => Trouble::System { path: at(), source },
        })?;
        let bounded = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        bounded.map_err(|source| Trouble::System { path: at(), source })?;
        let mut proxy = Self {
            path: at(),
            stream: BufReader::new(stream),
        };
        let hello = proxy.hello()?;
        if !sites.is_empty() && hello.sites != sites {
            return Err(Trouble::Another {
                path: at(),
                pid: hello.pid,
                sites: hello.sites,
            });
        }
        Ok(proxy)
    }

    /// A part of a list.
    pub(super) fn list(&mut self, ask: Ask) -> Result<(Vec<SessionView>, Listed), Trouble> {
        match self.ask(ask)? {
            (sessions, Answer::Listed(end)) => Ok((sessions, end)),
            _ => Err(self.nonsense()),
        }
    }

    /// A step of ending.
    pub(super) fn revoke(&mut self, ask: Ask) -> Result<(Vec<SessionView>, Ended), Trouble> {
        match self.ask(ask)? {
            (sessions, Answer::Ended(end)) => Ok((sessions, end)),
            _ => Err(self.nonsense()),
        }
    }

    fn ask(&mut self, ask: Ask) -> Result<(Vec<SessionView>, Answer), Trouble> {
        let line = Request::new(ask).line().map_err(|_| self.nonsense())?;
        let sent = self.stream.get_mut().write_all(&line);
        sent.map_err(|_| Trouble::Gone(self.path.clone()))?;
        let mut sessions = Vec::new();
        loop {
            let answer = serde_json::from_slice(&self.line()?).map_err(|_| self.nonsense())?;
            match answer {
                Answer::Session(session) => sessions.push(*session),
                Answer::Refused(refused) => return Err(self.refused(refused)),
                Answer::Hello(_) => return Err(self.nonsense()),
                end => return Ok((sessions, end)),
            }
        }
    }

    fn hello(&mut self) -> Result<Hello, Trouble> {
        let line: Value = serde_json::from_slice(&self.line()?).map_err(|_| self.nonsense())?;
        let theirs = line.pointer("/hello/version").and_then(Value::as_u64);
        if let Some(theirs) = theirs.filter(|theirs| *theirs != u64::from(VERSION)) {
            return Err(Trouble::Version { theirs });
        }
        match serde_json::from_value(line) {
            Ok(Answer::Hello(hello)) => Ok(hello),
            Ok(Answer::Refused(refused)) => Err(self.refused(refused)),
            _ => Err(self.nonsense()),
        }
    }

    fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut line = Vec::new();
        let most = ANSWER_MAX_BYTES as u64;
        let read = self.stream.by_ref().take(most).read_until(b'\n', &mut line);
        match (read, line.last()) {
            (Ok(_), Some(b'\n')) => Ok(line),
            (Ok(_), Some(_)) if line.len() >= ANSWER_MAX_BYTES => Err(self.nonsense()),
            _ => Err(Trouble::Gone(self.path.clone())),
        }
    }

    fn refused(&self, refused: Refused) -> Trouble {
        let Refused { code, message } = refused;
        match code.as_str() {
            "not_permitted" => Trouble::NotPermitted(self.path.clone()),
            _ => Trouble::Refused { code, message },
        }
    }

    fn nonsense(&self) -> Trouble {
        Trouble::Nonsense(self.path.clone())
    }
}

#[cfg(test)]
mod tests;
