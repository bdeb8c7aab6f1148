//! Decides what the provider's answer in the callback means, and whether it belongs to this
//! browser.
//!
//! | step | refuses |
//! |---|---|
//! | [`CallbackParams::parse`] | what is too long, not form-urlencoded, given twice, or says both code and error |
//! | [`CallbackParams::check`] | a `state` this browser did not send (RFC 6749 §10.12), another issuer (RFC 9207 §2.4) |
//!
//! Only then is there a [`Callback`]. An error is checked like a code: otherwise anybody could end
//! somebody's sign-in.

use std::fmt;

use crate::authorization::State;
use crate::fault::Fault;
use crate::issuer::TokenIssuer;
use crate::microsoft;
use crate::secret::Secret;
use crate::text::readable;

/// The longest query or form that is read.
const MAX_BYTES: usize = 16 << 10;
/// The longest `code`.
const MAX_CODE_BYTES: usize = 2 << 10;
/// The longest `state`; ours has 43 characters.
const MAX_STATE_BYTES: usize = 512;
/// The longest `iss`.
const MAX_ISS_BYTES: usize = 512;

/// Why an answer in the callback is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The whole, or one parameter, is too long.
    #[error("read {name} of {found} bytes where at most {limit} are allowed")]
    TooLong {
        /// The parameter, or `the answer`.
        name: &'static str,
        /// The most bytes allowed.
        limit: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Not form-urlencoded UTF-8.
    #[error("decode the answer's parameters")]
    Encoding,
    /// A parameter of the protocol is given twice (RFC 6749 §3.1).
    #[error("choose among several parameters `{name}`")]
    Duplicate {
        /// Its name.
        name: &'static str,
    },
    /// Both `code` and `error`.
    #[error("tell whether the answer is a code or an error; it holds both")]
    CodeAndError,
    /// Neither `code` nor `error`.
    #[error("find a code or an error in the answer")]
    Empty,
    /// There is no `state`.
    #[error("find the answer's state")]
    StateMissing,
    /// The `state` is not this sign-in's.
    #[error("match the answer's state with this sign-in")]
    StateMismatch,
    /// The provider says that it always sends `iss`, and there is none.
    #[error("find the answer's issuer, which the provider promises")]
    IssuerMissing,
    /// The answer is from another provider (RFC 9207 §2.4).
    #[error("accept an answer of issuer {found:?} where {expected:?} is expected")]
    IssuerMismatch {
        /// The accepted issuers.
        expected: Vec<String>,
        /// The answer's `iss`.
        found: String,
    },
}

impl CallbackError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "callback_too_long",
            Self::Encoding => "callback_encoding",
            Self::Duplicate { .. } => "callback_duplicate_parameter",
            Self::CodeAndError => "callback_code_and_error",
            Self::Empty => "callback_empty",
            Self::StateMissing => "callback_state_missing",
            Self::StateMismatch => "callback_state_mismatch",
            Self::IssuerMissing => "callback_issuer_missing",
            Self::IssuerMismatch { .. } => "callback_issuer_mismatch",
        }
    }

    /// The browser brings the answer, and anybody can make it bring one.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::IssuerMissing => Fault::Provider,
            _ => Fault::Client,
        }
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::StateMissing | Self::StateMismatch => {
                "This sign-in was not started in this browser, or it took too long. Start it again."
            }
            Self::IssuerMissing | Self::IssuerMismatch { .. } => {
                "The answer did not come from the sign-in provider that was asked. Start again."
            }
            _ => "The sign-in provider's answer could not be read. Start again.",
        }
    }
}

/// The callback's parameters, read and not yet believed.
#[derive(Clone)]
pub struct CallbackParams {
    state: String,
    iss: Option<String>,
    answer: Answer,
}

#[derive(Clone)]
enum Answer {
    Code(Secret),
    Error(AuthorizationError),
}

/// The provider's refusal (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6). Text from outside: escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationError {
    /// `error`.
    pub error: String,
    /// `error_description`, shortened, without control characters.
    pub description: Option<String>,
    /// `error_subcode`, by which Entra tells that the person cancelled.
    pub subcode: Option<String>,
}

impl AuthorizationError {
    /// The number of the `AADSTS…` code in the description.
    pub fn aadsts(&self) -> Option<u32> {
        microsoft::aadsts_code(self.description.as_deref()?)
    }

    /// Whether the person, not the set-up, said no.
    pub fn is_cancelled(&self) -> bool {
        self.error == "access_denied"
    }
}

/// What the answer is held against: the pending sign-in and the provider it was sent to.
#[derive(Debug, Clone, Copy)]
pub struct CallbackExpected<'a> {
    /// The `state` of the pending sign-in.
    pub state: &'a State,
    /// The issuers the answer may come from.
    pub issuer: &'a TokenIssuer,
    /// The issuer as the provider's metadata states it.
    pub metadata_issuer: &'a str,
    /// Whether the provider promises `iss` in each answer.
    pub iss_required: bool,
}

/// An answer that belongs to this browser's sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callback {
    /// The code to redeem.
    Code(Secret),
    /// The provider refused.
    Error(AuthorizationError),
}

impl CallbackParams {
    /// Reads the callback's query, or its posted form.
    ///
    /// # Errors
    /// Any [`CallbackError`] that needs no knowledge of the sign-in.
    pub fn parse(query_or_form: &[u8]) -> Result<Self, CallbackError> {
        within("the answer", query_or_form, MAX_BYTES)?;
        let mut parameters = Parameters::default();
        for pair in query_or_form.split(|&byte| byte == b'&') {
            parameters.add(pair)?;
        }
        let Parameters {
            code,
            state,
            iss,
            error,
            error_description,
            error_subcode,
            ..
        } = parameters;
        let answer = match (code, error) {
            (Some(_), Some(_)) => return Err(CallbackError::CodeAndError),
            (Some(code), None) if !code.is_empty() => {
                within("code", code.as_bytes(), MAX_CODE_BYTES)?;
                Answer::Code(Secret::new(code))
            }
            (None, Some(error)) if !error.is_empty() => Answer::Error(AuthorizationError {
                error: readable(&error, 128),
                description: error_description.map(|text| readable(&text, 2048)),
                subcode: error_subcode.map(|text| readable(&text, 128)),
            }),
            _ => return Err(CallbackError::Empty),
        };
        let state = state
            .filter(|state| !state.is_empty())
            .ok_or(CallbackError::StateMissing)?;
        within("state", state.as_bytes(), MAX_STATE_BYTES)?;
        if let Some(iss) = &iss {
            within("iss", iss.as_bytes(), MAX_ISS_BYTES)?;
        }
        Ok(Self { state, iss, answer })
    }

    /// The `state` the browser brought: by it the pending sign-in is found.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Holds the answer against the pending sign-in.
    ///
    /// # Errors
    /// [`CallbackError::StateMismatch`], [`CallbackError::IssuerMissing`], [`CallbackError::IssuerMismatch`].
    pub fn check(self, expected: &CallbackExpected<'_>) -> Result<Callback, CallbackError> {
        if !expected.state.matches(&self.state) {
            return Err(CallbackError::StateMismatch);
        }
        match self.iss {
            None if expected.iss_required => return Err(CallbackError::IssuerMissing),
            Some(found)
                if found != expected.metadata_issuer && !expected.issuer.permits(&found) =>
            {
                return Err(CallbackError::IssuerMismatch {
                    expected: expected.issuer.expected(),
                    found,
                });
            }
            _ => {}
        }
        Ok(match self.answer {
            Answer::Code(code) => Callback::Code(code),
            Answer::Error(error) => Callback::Error(error),
        })
    }
}

impl fmt::Debug for CallbackParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match &self.answer {
            Answer::Code(_) => "code",
            Answer::Error(_) => "error",
        };
        f.debug_struct("CallbackParams")
            .field("answer", &answer)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Parameters {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_subcode: Option<String>,
    /// Known and unused; kept only so that a second one is noticed.
    error_uri: Option<String>,
    session_state: Option<String>,
    id_token: Option<String>,
    access_token: Option<String>,
    response: Option<String>,
}

impl Parameters {
    fn add(&mut self, pair: &[u8]) -> Result<(), CallbackError> {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        let (name, slot) = match name.as_str() {
            "code" => ("code", &mut self.code),
            "state" => ("state", &mut self.state),
            "iss" => ("iss", &mut self.iss),
            "error" => ("error", &mut self.error),
            "error_description" => ("error_description", &mut self.error_description),
            "error_subcode" => ("error_subcode", &mut self.error_subcode),
            "error_uri" => ("error_uri", &mut self.error_uri),
            "session_state" => ("session_state", &mut self.session_state),
            "id_token" => ("id_token", &mut self.id_token),
            "access_token" => ("access_token", &mut self.access_token),
            "response" => ("response", &mut self.response),
            // RFC 6749 §4.1.2: unrecognized response parameters are ignored.
            _ => return Ok(()),
        };
        match slot.replace(value) {
            Some(_) => Err(CallbackError::Duplicate { name }),
            None => Ok(()),
        }
    }
}

/// Decodes strictly: a `%` without two hexadecimal digits, or bytes that are no UTF-8, are refused,
/// where the usual decoders would guess.
fn decode(text: &[u8]) -> Result<String, CallbackError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let digit = bytes.next().copied().map(char::from)?;
                    digit
                        .to_digit(16)
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                match (digit(), digit()) {
                    (Some(high), Some(low)) => high << 4 | low,
                    _ => return Err(CallbackError::Encoding),
                }
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| CallbackError::Encoding)
}

fn within(name: &'static str, bytes: &[u8], limit: usize) -> Result<(), CallbackError> {
    match bytes.len() {
        found if found > limit => Err(CallbackError::TooLong { name, limit, found }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
