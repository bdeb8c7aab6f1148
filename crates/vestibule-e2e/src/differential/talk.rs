//! A client that sends bytes as they are and reads one answer after the other.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// A connection to a server on this machine.
#[derive(Debug)]
pub struct Talk {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// One answer, interim ones left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The method that the recorder read, if the answer is the recorder's.
    pub recorded: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// The other side closed.
    Closed,
    /// It did not say anything for the time it had.
    Silent,
}

impl Talk {
    /// Connects. Whatever is waited for is waited for this long.
    #[must_use]
    pub fn open(port: u16, patience: Duration) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.set_write_timeout(Some(patience)).unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Waits this long from now on.
    pub fn be_patient_for(&mut self, patience: Duration) {
        self.stream.set_read_timeout(Some(patience)).unwrap();
    }

    /// Sends bytes at once.
    pub fn send(&mut self, bytes: &[u8]) {
        // The other side may refuse and close while we still write; what it answers counts.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes one by one.
    pub fn send_slowly(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }

    /// Says that no more will be sent.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The next answer that is not interim, its body passed over.
    ///
    /// # Errors
    ///
    /// [`Nothing`], also for an answer whose head breaks off.
    pub fn answer(&mut self) -> Result<Answer, Nothing> {
        loop {
            let head = self.head()?;
            let mut lines = head.split("\r\n");
            let status = lines.next().unwrap_or_default().split(' ').nth(1);
            let status: u16 = status.and_then(|text| text.parse().ok()).unwrap_or(0);
            if (100..200).contains(&status) && status != 101 {
                continue;
            }
            let field = |wanted: &str| {
                let fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
                let mut named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
                named.next().map(|(_, value)| value.trim().to_owned())
            };
            let recorded = field("x-recorded");
            if status != 101 && recorded.is_none() {
                self.pass_body(field("content-length").as_deref());
            }
            return Ok(Answer { status, recorded });
        }
    }

    /// Reads to the end, or to the first silence.
    pub fn rest(&mut self) -> (Vec<u8>, Nothing) {
        loop {
            if let Err(why) = self.fill() {
                return (std::mem::take(&mut self.unread), why);
            }
        }
    }

    fn head(&mut self) -> Result<String, Nothing> {
        loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                return Ok(String::from_utf8_lossy(&head).into_owned());
            }
            self.fill()?;
        }
    }

    /// The servers' own pages: with a length, or to the end. One that stands in the answer to `HEAD`
    /// is followed by the end of the connection.
    fn pass_body(&mut self, length: Option<&str>) {
        let length: usize = length
            .and_then(|text| text.parse().ok())
            .unwrap_or(usize::MAX);
        while self.unread.len() < length {
            if self.fill().is_err() {
                break;
            }
        }
        self.unread.drain(..length.min(self.unread.len()));
    }

    fn fill(&mut self) -> Result<(), Nothing> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(Nothing::Closed),
            Ok(count) => {
                self.unread.extend_from_slice(&piece[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(Nothing::Silent)
            }
            // A reset is an end, too.
            Err(_) => Err(Nothing::Closed),
        }
    }
}
