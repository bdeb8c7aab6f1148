//! Bytes on their way out, shared by all connections that send the same.

use std::io;
use std::rc::Rc;

use super::transport::Transport;

/// What is still to be written on one connection.
#[derive(Debug)]
pub(super) struct Outgoing {
    bytes: Rc<[u8]>,
    written: usize,
}

impl Outgoing {
    pub(super) fn new(bytes: Rc<[u8]>) -> Self {
        Self { bytes, written: 0 }
    }

    /// Writes on. True when all is written.
    pub(super) fn write(&mut self, transport: &mut Transport) -> io::Result<bool> {
        while let Some(rest) = self.bytes.get(self.written..)
            && !rest.is_empty()
        {
            match transport.write(rest) {
                Ok(length) => self.written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
