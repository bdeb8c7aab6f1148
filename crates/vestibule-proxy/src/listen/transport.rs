//! Holds what HTTP/1.1 needs of a client connection besides reading and writing: to end it so that nobody takes that for a
//! clean end.

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A client connection: plain or TLS.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + 'static {
    /// What follows is dropping it, in the middle of an answer that only the connection's end delimits.
    fn cut(&self) {}
}

impl Transport for TcpStream {
    fn cut(&self) {
        // A reset instead of the end of a stream. Without it the client is only told by what is missing.
        let _ = SockRef::from(self).set_linger(Some(std::time::Duration::ZERO));
    }
}

/// RFC 8446 §6.1: an end without `close_notify` is no clean one.
impl Transport for Box<TlsStream<TcpStream>> {}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}
