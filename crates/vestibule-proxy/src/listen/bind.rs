//! Decides how an address is taken: exclusively at first, so that a taken port is an error, then once per core.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::KEEPALIVE;

/// Connections that may wait to be accepted, per core.
const BACKLOG: i32 = 1024;
/// What the system keeps of an answer that is not even on its way. With more, a client that reads slowly looks for long as
/// if it read nothing.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 128 * 1024;
/// How often another free port is tried when somebody was faster.
const ATTEMPTS: usize = 8;

/// Why an address could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

impl BindError {
    /// Whether another process has the address.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.cause.kind() == io::ErrorKind::AddrInUse
    }
}

/// One listener per core, all on one address.
pub(crate) fn bind(address: SocketAddr, cores: usize) -> Result<Vec<TcpListener>, BindError> {
    let attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
    let mut bound = attempt(address, cores);
    for _ in 1..attempts {
        match &bound {
            Err(error) if error.is_taken() => bound = attempt(address, cores),
            _ => break,
        }
    }
    bound
}

fn attempt(address: SocketAddr, cores: usize) -> Result<Vec<TcpListener>, BindError> {
    let failed = |address| move |cause| BindError { address, cause };
    if cfg!(target_os = "linux") {
        // Sockets with SO_REUSEPORT share an address with any other that has it, a second Vestibule included. This one does not.
        let probe = socket(address, false).map_err(failed(address))?;
        let address = probe.local_addr().map_err(failed(address))?;
        drop(probe);
        (0..cores)
            .map(|_| socket(address, true).map_err(failed(address)))
            .collect()
    } else {
        // Elsewhere SO_REUSEPORT is missing or does not spread connections: all cores accept from one queue.
        let first = socket(address, false).map_err(failed(address))?;
        (1..cores)
            .map(|_| first.try_clone().map_err(failed(address)))
            .chain([first.try_clone().map_err(failed(address))])
            .collect()
    }
}

fn socket(address: SocketAddr, share: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    if share {
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = share;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    // Accepted connections inherit these on Linux, which saves four system calls each.
    set_options(&SockRef::from(&socket))?;
    Ok(socket.into())
}

/// No delay, little that is unsent, and the question whether a silent peer still lives.
pub(super) fn set_options(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // A system that does not know it works without.
    let _ = socket.set_tcp_notsent_lowat(UNSENT_BYTES);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE.0)
        .with_interval(KEEPALIVE.1);
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    let keepalive = keepalive.with_retries(3);
    socket.set_tcp_keepalive(&keepalive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    #[test]
    fn a_taken_port_is_an_error_that_names_the_address() {
        let taken = TcpListener::bind(any()).unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(address, 2).unwrap_err();
        assert!(error.is_taken());
        assert_eq!(error.to_string(), format!("listen on {address}"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_keeps_little_of_an_answer_for_an_accepted_client() {
        let listeners = bind(any(), 1).unwrap();
        let _client = std::net::TcpStream::connect(listeners[0].local_addr().unwrap()).unwrap();
        listeners[0].set_nonblocking(false).unwrap();
        let (accepted, _) = listeners[0].accept().unwrap();
        let unsent = SockRef::from(&accepted).tcp_notsent_lowat().unwrap();
        assert_eq!(unsent, UNSENT_BYTES);
    }

    #[test]
    fn a_port_that_another_vestibule_has_is_taken_too() {
        let listeners = bind(any(), 2).unwrap();
        let address = listeners[0].local_addr().unwrap();
        assert_eq!(listeners[1].local_addr().unwrap(), address);
        assert!(bind(address, 2).unwrap_err().is_taken());
    }
}
