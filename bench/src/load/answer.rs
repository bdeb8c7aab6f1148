//! Reading an HTTP/1.1 answer just far enough to know where it ends.

use std::io;

use memchr::memmem;

/// The largest head that is read.
const MAX_HEAD: usize = 64 * 1024;

/// A whole answer, for checks.
#[derive(Debug, Default, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// Where one answer stands.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The head so far; empty once the body has begun.
    head: Vec<u8>,
    left: Option<usize>,
}

impl Reading {
    /// Takes the next bytes. True when the answer is complete. `keep` gets a copy of all of it.
    pub(super) fn take(&mut self, bytes: &[u8], mut keep: Option<&mut Answer>) -> io::Result<bool> {
        let body = match self.left {
            Some(_) => bytes,
            None => match self.head(bytes, &mut keep)? {
                Some(body) => body,
                None => return Ok(false),
            },
        };
        if let Some(answer) = keep {
            answer.body.extend_from_slice(body);
        }
        let left = self.left.unwrap_or(0).checked_sub(body.len());
        let left = left.ok_or_else(|| invalid("more bytes than the answer has"))?;
        self.left = (left > 0).then_some(left);
        Ok(left == 0)
    }

    /// Reads on in the head. When it is complete, gives what of `bytes` belongs to the body.
    fn head<'b>(
        &mut self,
        bytes: &'b [u8],
        keep: &mut Option<&mut Answer>,
    ) -> io::Result<Option<&'b [u8]>> {
        if self.head.is_empty()
            && let Some(at) = memmem::find(bytes, b"\r\n\r\n")
            && let Some((head, body)) = bytes.split_at_checked(at + 4)
        {
            self.left = Some(judge(head, keep)?);
            return Ok(Some(body));
        }
        // A head in pieces is rare: searching it from its beginning again does not matter.
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        let Some(at) = memmem::find(&self.head, b"\r\n\r\n") else {
            return if self.head.len() > MAX_HEAD {
                Err(invalid("the head has no end"))
            } else {
                Ok(None)
            };
        };
        self.head.truncate(at + 4);
        self.left = Some(judge(&self.head, keep)?);
        self.head.clear();
        Ok(bytes.get(at + 4 - before..))
    }
}

/// The body's length by the head.
fn judge(head: &[u8], keep: &mut Option<&mut Answer>) -> io::Result<usize> {
    let status = head.get(9..12).and_then(number).unwrap_or(0);
    if let Some(answer) = keep {
        answer.status = u16::try_from(status).unwrap_or(0);
        answer.head = head.to_vec();
    } else if status != 200 {
        return Err(invalid(&format!("the answer is {status} instead of 200")));
    }
    let length = field(head, b"content-length:").map(|value| number(value.trim_ascii()));
    match length {
        Some(Some(length)) => Ok(length),
        _ if matches!(status, 204 | 304) => Ok(0),
        _ => Err(invalid("the answer has no plain Content-Length")),
    }
}

/// The value of a field; `name` is in lower case and ends with the colon.
fn field<'h>(head: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let mut rest = head;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        rest = rest.get(at + 1..)?;
        if let Some((start, value)) = rest.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return value.get(..memchr::memchr(b'\r', value)?);
        }
    }
    None
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Answer, Reading};

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH: 5\r\n\r\nhello";

    #[test]
    fn an_answer_split_anywhere_is_the_same_answer() {
        for at in 1..ANSWER.len() {
            let (first, second) = ANSWER.split_at(at);
            let (mut reading, mut answer) = (Reading::default(), Answer::default());
            assert!(!reading.take(first, Some(&mut answer)).unwrap(), "{at}");
            assert!(reading.take(second, Some(&mut answer)).unwrap(), "{at}");
            assert_eq!(
                (answer.status, answer.body.as_slice()),
                (200, &b"hello"[..])
            );
        }
    }

    #[test]
    fn a_second_answer_can_follow() {
        let mut reading = Reading::default();
        assert!(reading.take(ANSWER, None).unwrap());
        assert!(reading.take(ANSWER, None).unwrap());
    }

    #[test]
    fn what_is_not_200_or_has_no_length_is_an_error() {
        for head in [
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
        ] {
            assert!(Reading::default().take(head.as_bytes(), None).is_err());
        }
    }
}
