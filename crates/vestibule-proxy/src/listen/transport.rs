//! Holds what is needed of a client connection besides reading and writing: to end it so that nobody takes that for a clean
//! end, and to see how fast the client takes what TLS holds back.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A client connection: plain or TLS.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + 'static {
    /// What follows is dropping it, in the middle of an answer that only the connection's end delimits.
    fn cut(&self) {}

    /// How many bytes the network took, where these are not the ones that were written: TLS holds some back.
    fn sent(&self) -> Option<u64> {
        None
    }

    /// Writes without being told that there is room: a socket that was full says so only when much of it is free. How many
    /// of these bytes were taken, and how many the network took.
    ///
    /// # Errors
    /// `WouldBlock` if the client took nothing since.
    fn press(&mut self, bytes: &[u8]) -> io::Result<(usize, u64)> {
        let _ = bytes;
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl Transport for TcpStream {
    fn cut(&self) {
        // A reset instead of the end of a stream. Without it the client is only told by what is missing.
        let _ = SockRef::from(self).set_linger(Some(std::time::Duration::ZERO));
    }

    fn press(&mut self, bytes: &[u8]) -> io::Result<(usize, u64)> {
        let taken = SockRef::from(&*self).send(bytes)?;
        Ok((taken, taken as u64))
    }
}

/// RFC 5246 §7.2.1: an end without `close_notify` is no clean one.
impl Transport for Box<TlsStream<Counted>> {
    fn sent(&self) -> Option<u64> {
        Some(self.get_ref().0.sent)
    }

    fn press(&mut self, _: &[u8]) -> io::Result<(usize, u64)> {
        let (socket, session) = (**self).get_mut();
        let taken = session.write_tls(&mut &*SockRef::from(&socket.stream))? as u64;
        socket.sent = socket.sent.wrapping_add(taken);
        Ok((0, taken))
    }
}

/// A connection below TLS.
pub(super) struct Counted {
    stream: TcpStream,
    sent: u64,
}

impl Counted {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self { stream, sent: 0 }
    }

    fn count(&mut self, written: usize) -> Poll<io::Result<usize>> {
        self.sent = self.sent.wrapping_add(written as u64);
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}

#[cfg(test)]
pub(super) mod sealed {
    use tokio::io::DuplexStream;

    use super::*;

    /// Takes everything at once and hands it on when it is flushed, as TLS does.
    pub(in crate::listen) struct Sealed {
        stream: DuplexStream,
        held: Vec<u8>,
        sent: u64,
    }

    impl Sealed {
        pub(in crate::listen) fn new(stream: DuplexStream) -> Self {
            Self {
                stream,
                held: Vec::new(),
                sent: 0,
            }
        }
    }

    impl Transport for Sealed {
        fn sent(&self) -> Option<u64> {
            Some(self.sent)
        }
    }

    impl AsyncRead for Sealed {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Sealed {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.held.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let this = self.get_mut();
            while !this.held.is_empty() {
                let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, &this.held))?;
                this.held.drain(..taken);
                this.sent += taken as u64;
            }
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn pressing_tells_whether_the_client_took_anything() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (mut near, _) = listener.accept().await.unwrap();
        // What is on its way may still make room for more.
        let piece = [b'a'; 64 * 1024];
        let mut refused = 0;
        while refused < 100 {
            match near.press(&piece) {
                Ok((taken, moved)) => assert_eq!(taken as u64, moved),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    refused += 1;
                }
            }
        }
        let mut taken = vec![0; 16 * 1024];
        while near.press(&piece).is_err() {
            far.read_exact(&mut taken).await.unwrap();
        }
    }
}
