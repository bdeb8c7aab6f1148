//! One connection of the application behind the proxy: a request head in, an answer out.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use memchr::memmem;

use super::outgoing::Outgoing;
use super::transport::Transport;

/// What the application answers, ready to be sent.
#[derive(Debug)]
pub(super) struct Answers {
    small: Rc<[u8]>,
    large: Rc<[u8]>,
}

impl Answers {
    pub(super) fn new() -> Self {
        let of = |size: usize| {
            let text = "{\"orders\":[\"1001\",\"1002\",\"1003\"],\"state\":\"open\"},\n";
            let body: Vec<u8> = text.bytes().cycle().take(size).collect();
            answer("application/json", &body)
        };
        Self {
            small: of(1024),
            large: of(100 * 1024),
        }
    }

    /// The answer to a request: by the last part of its path 100 KiB, the request itself, or 1 KiB.
    fn to(&self, head: &[u8]) -> Rc<[u8]> {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        if memmem::find(line, b"/100k ").is_some() {
            Rc::clone(&self.large)
        } else if memmem::find(line, b"/echo ").is_some() {
            answer("text/plain", head)
        } else {
            Rc::clone(&self.small)
        }
    }
}

fn answer(kind: &str, body: &[u8]) -> Rc<[u8]> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: application\r\nDate: Mon, 02 Nov 2026 08:00:00 GMT\r\n\
         Content-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n"
    );
    [head.as_bytes(), body].concat().into()
}

/// A connection from the proxy.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) transport: Transport,
    partial: Vec<u8>,
    outgoing: VecDeque<Outgoing>,
}

impl Served {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            partial: Vec::new(),
            outgoing: VecDeque::new(),
        }
    }

    /// Does what an event made possible. False when the connection is over.
    pub(super) fn advance(&mut self, scratch: &mut [u8], answers: &Answers) -> bool {
        self.try_advance(scratch, answers).unwrap_or(false)
    }

    fn try_advance(&mut self, scratch: &mut [u8], answers: &Answers) -> io::Result<bool> {
        self.write()?;
        loop {
            let length = match self.transport.read(scratch) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            let bytes = scratch.get(..length).unwrap_or_default();
            if self.partial.is_empty() {
                let rest = self.answer_all(bytes, answers);
                self.partial.extend_from_slice(rest);
            } else {
                let mut all = std::mem::take(&mut self.partial);
                all.extend_from_slice(bytes);
                let rest = self.answer_all(&all, answers);
                self.partial.extend_from_slice(rest);
            }
            self.write()?;
            if self.transport.is_drained(length, scratch.len()) {
                return Ok(true);
            }
        }
    }

    /// Queues an answer for each whole head; gives back what is left.
    fn answer_all<'b>(&mut self, mut bytes: &'b [u8], answers: &Answers) -> &'b [u8] {
        while let Some(at) = memmem::find(bytes, b"\r\n\r\n")
            && let Some((head, rest)) = bytes.split_at_checked(at + 4)
        {
            self.outgoing.push_back(Outgoing::new(answers.to(head)));
            bytes = rest;
        }
        bytes
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(next) = self.outgoing.front_mut() {
            if !next.write(&mut self.transport)? {
                break;
            }
            self.outgoing.pop_front();
        }
        Ok(())
    }
}
