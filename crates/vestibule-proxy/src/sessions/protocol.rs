//! What is said over the socket: one JSON object a line, both ways.
//!
//! | who | line | meaning |
//! |---|---|---|
//! | server | [`Answer::Hello`] | first of all: which program this is, and which version of the protocol it speaks |
//! | client | [`Request`] | what it wants; one at a time |
//! | server | [`Answer::Session`], any number | a session that was found, or ended |
//! | server | [`Answer::Listed`], [`Answer::Ended`] or [`Answer::Refused`] | that was all of this answer |
//!
//! One answer is of bounded work. When it says where to go on, there is more, and the client asks again
//! from there. Members that a program does not know are refused in requests, so that nothing more is
//! ended than was meant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{SessionId, SessionView, Which};

/// The version of the protocol that this program speaks.
pub const VERSION: u32 = 1;

/// The longest line a client may send.
pub const REQUEST_MAX_BYTES: usize = 16 * 1024;

/// The longest line a server sends.
pub const ANSWER_MAX_BYTES: usize = 256 * 1024;

/// The most sessions of one answer.
pub const MOST_LISTED: u16 = 100;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// What is wanted.
    pub ask: Ask,
}

/// What a client wants.
///
/// Not `#[non_exhaustive]`: the server answers each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// See sessions.
    List {
        /// Which.
        which: Which,
        /// Where to go on.
        after: Option<SessionId>,
        /// How many at most; never more than [`MOST_LISTED`].
        most: u16,
    },
    /// End sessions.
    Revoke {
        /// Which.
        which: Which,
        /// Where to go on.
        after: Option<SessionId>,
    },
}

/// One line of an answer.
///
/// Not `#[non_exhaustive]`: the client understands each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Who answers here.
    Hello(Hello),
    /// A session.
    Session(Box<SessionView>),
    /// The end of a list.
    Listed(Listed),
    /// The end of what was ended.
    Ended(Ended),
    /// Nothing was done.
    Refused(Refused),
}

/// Which program answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u32,
    /// The program's own version.
    pub program: String,
    /// Its process.
    pub pid: u32,
    /// The sites it serves, as origins.
    pub sites: Vec<String>,
}

/// How a list ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Where to go on; without it that was all.
    pub next: Option<SessionId>,
    /// How many sessions were looked at.
    pub looked_at: usize,
    /// How many of those that were asked for can't be read.
    pub unreadable: usize,
}

/// How an ending ended. The sessions that were live came before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Where to go on; without it that was all.
    pub next: Option<SessionId>,
    /// How many sessions were looked at.
    pub looked_at: usize,
    /// How many were ended that can't be read.
    pub unreadable: usize,
    /// How many the store could not end for good yet; it tries again by itself.
    pub failed: usize,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// A stable name: `version`, `request`, `not_permitted`, `cookie_store`, or of a store's error.
    pub code: String,
    /// What to tell a person: half a sentence.
    pub message: String,
}

impl Request {
    /// A request of this program.
    #[must_use]
    pub const fn new(ask: Ask) -> Self {
        Self {
            version: VERSION,
            ask,
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What to answer instead: it is of another version, or no request.
    pub fn parse(line: &[u8]) -> Result<Self, Refused> {
        let refused = |error: serde_json::Error| Refused::new("request", error.to_string());
        let request: Value = serde_json::from_slice(line).map_err(refused)?;
        // First: another version may have other members.
        match request.get("version").and_then(Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                let message = format!(
                    "the request is of version {version}, and this program speaks version {VERSION}"
                );
                return Err(Refused::new("version", message));
            }
            None => return Err(Refused::new("request", "it has no version".to_owned())),
        }
        serde_json::from_value(request).map_err(refused)
    }

    /// The line to send.
    ///
    /// # Errors
    /// Never, with what this type can hold.
    pub fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        line(self)
    }
}

impl Answer {
    /// The line to send.
    ///
    /// # Errors
    /// Never, with what this type can hold.
    pub fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        line(self)
    }
}

impl Refused {
    pub(super) fn new(code: &str, message: String) -> Self {
        Self {
            code: code.to_owned(),
            message,
        }
    }
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests;
