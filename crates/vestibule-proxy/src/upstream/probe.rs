//! One request to an upstream for a person who wants to know whether it answers: connected to as every request is, with
//! no credentials and nothing of anybody's.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::connect::{connect, name};
use super::error::UpstreamError;
use super::plan::{Protocol, UpstreamPlan};
use super::resolve::Resolver;

/// What an upstream did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probed {
    /// It answered with this status.
    Answered(u16),
    /// It took the connection and speaks HTTP/2 only, in which nothing was asked.
    Connected,
    /// It closed the connection without an answer.
    Closed,
    /// It answered in something that is not HTTP.
    NotHttp,
}

/// The field that makes the head larger.
const FIELD: &str = "X-Vestibule-Doctor";

/// Sends `HEAD /` with a field of `field_bytes` bytes beside `Host`; none for 0.
///
/// # Errors
///
/// [`UpstreamError`] when there is no connection, or no answer in time.
pub async fn probe(plan: &Arc<UpstreamPlan>, field_bytes: usize) -> Result<Probed, UpstreamError> {
    let resolver = Resolver::default();
    if plan.settings().protocol == Protocol::Http2 {
        let _ = connect(plan, &resolver, false).await?;
        return Ok(Probed::Connected);
    }
    let mut connected = connect(plan, &resolver, true).await?;
    let mut head = format!(
        "HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: vestibule-doctor\r\nConnection: close\r\n",
        plan.authority()
    );
    if field_bytes > 0 {
        head.push_str(FIELD);
        head.push_str(": ");
        head.extend(std::iter::repeat_n('a', field_bytes));
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let asked = async {
        // One that refuses the head may close before it has read all of it, and answer all the same.
        let _ = connected.io.write_all(head.as_bytes()).await;
        let _ = connected.io.flush().await;
        let mut answer = Vec::new();
        let mut piece = [0; 64];
        while answer.len() < "HTTP/1.1 200".len() {
            match connected.io.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(count) => answer.extend_from_slice(piece.get(..count).unwrap_or_default()),
            }
        }
        answer
    };
    let answer = timeout(plan.settings().timeouts.head, asked)
        .await
        .map_err(|_| UpstreamError::HeadTimeout {
            upstream: name(plan),
        })?;
    Ok(read(&answer))
}

/// What a status line says (RFC 9112 §4).
fn read(answer: &[u8]) -> Probed {
    if answer.is_empty() {
        return Probed::Closed;
    }
    let status = || {
        let rest = answer.strip_prefix(b"HTTP/1.")?;
        let digits = rest.get(2..5)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    status().map_or(Probed::NotHttp, Probed::Answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_told_from_other_things() {
        for (answer, probed) in [
            (&b"HTTP/1.1 204 No Content\r\n"[..], Probed::Answered(204)),
            (b"HTTP/1.0 431 X", Probed::Answered(431)),
            (b"", Probed::Closed),
            (b"\x15\x03\x01\x00\x02\x02\x46", Probed::NotHttp),
            (b"SSH-2.0-OpenSSH", Probed::NotHttp),
            (b"HTTP/1.1 2", Probed::NotHttp),
        ] {
            assert_eq!(read(answer), probed, "{answer:?}");
        }
    }
}
