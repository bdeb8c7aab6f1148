//! One client connection: one request at a time, then its answer.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::answer::{Answer, Reading};
use super::outgoing::Outgoing;
use super::transport::Transport;

/// A keep-alive connection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) transport: Transport,
    outgoing: Option<Outgoing>,
    reading: Reading,
    /// When the request in flight was due, if one is.
    pub(super) due: Option<Instant>,
}

/// What an event brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Answered,
    /// The proxy closed the connection, or refused it.
    Closed,
}

impl Client {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            outgoing: None,
            reading: Reading::default(),
            due: None,
        }
    }

    /// Sends the next request.
    pub(super) fn send(&mut self, request: &Rc<[u8]>, due: Instant) -> io::Result<()> {
        self.due = Some(due);
        self.outgoing = Some(Outgoing::new(Rc::clone(request)));
        self.write()
    }

    /// Writes on, as far as the socket takes it.
    fn write(&mut self) -> io::Result<()> {
        if let Some(outgoing) = &mut self.outgoing
            && outgoing.write(&mut self.transport)?
        {
            self.outgoing = None;
        }
        self.transport.flush()
    }

    /// Does what an event made possible. An answer that cannot be read is an error.
    pub(super) fn advance(
        &mut self,
        scratch: &mut [u8],
        mut keep: Option<&mut Answer>,
    ) -> io::Result<Progress> {
        if let Err(error) = self.write() {
            return closed(error);
        }
        let mut progress = Progress::Waiting;
        loop {
            let length = match self.transport.read(scratch) {
                Ok(0) => return Ok(Progress::Closed),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(progress),
                Err(error) => return closed(error),
            };
            let bytes = scratch.get(..length).unwrap_or_default();
            if self.due.is_none() {
                let what = "the proxy sent something that nobody asked for";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            if self.reading.take(bytes, keep.as_deref_mut())? {
                progress = Progress::Answered;
            }
            if self.transport.is_drained(length, scratch.len()) {
                return Ok(progress);
            }
        }
    }
}

/// A connection that broke is no failure of the run by itself; a wrong answer is.
fn closed(error: io::Error) -> io::Result<Progress> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Ok(Progress::Closed),
        io::ErrorKind::WouldBlock => Ok(Progress::Waiting),
        _ => Err(error),
    }
}
