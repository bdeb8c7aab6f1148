//! Many connections held by one thread: clients that are slow, silent, or never done.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Open connections. All close when it is dropped.
#[derive(Debug)]
pub struct Crowd {
    port: u16,
    members: Vec<Option<TcpStream>>,
}

impl Crowd {
    /// Connects `count` times and says `first` on each connection.
    #[must_use]
    pub fn gather(port: u16, count: usize, first: &[u8]) -> Self {
        let mut crowd = Self {
            port,
            members: Vec::new(),
        };
        for _ in 0..count {
            let member = crowd.connect(first);
            crowd.members.push(member);
        }
        crowd
    }

    fn connect(&self, first: &[u8]) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(first).ok()?;
        stream.set_nonblocking(true).ok()?;
        Some(stream)
    }

    /// Says the same on every connection. One that cannot take it is over.
    pub fn say(&mut self, bytes: &[u8]) {
        for member in &mut self.members {
            if let Some(stream) = member
                && stream.write_all(bytes).is_err()
            {
                *member = None;
            }
        }
    }

    /// Counts the connections that the server has not closed. What it says is not listened to.
    pub fn still_open(&mut self) -> usize {
        let mut piece = [0; 4096];
        for member in &mut self.members {
            let Some(stream) = member else { continue };
            let over = loop {
                match stream.read(&mut piece) {
                    Ok(0) => break true,
                    Ok(_) => {}
                    Err(error) => break error.kind() != ErrorKind::WouldBlock,
                }
            };
            if over {
                *member = None;
            }
        }
        self.members.iter().flatten().count()
    }

    /// Connects again where the server closed.
    pub fn return_the_closed(&mut self, first: &[u8]) {
        let _ = self.still_open();
        for at in 0..self.members.len() {
            if self.members[at].is_none() {
                self.members[at] = self.connect(first);
            }
        }
    }

    /// Runs `work` while the crowd does `misdeed` again and again, with `pause` between.
    pub fn during<T>(
        &mut self,
        pause: Duration,
        mut misdeed: impl FnMut(&mut Self) + Send,
        work: impl FnOnce() -> T,
    ) -> T {
        let over = Arc::new(AtomicBool::new(false));
        thread::scope(|scope| {
            let until = Arc::clone(&over);
            scope.spawn(move || {
                while !until.load(Ordering::Relaxed) {
                    misdeed(self);
                    thread::sleep(pause);
                }
            });
            // Also when `work` panics, or the scope would wait for ever.
            let _end = End(over);
            work()
        })
    }
}

struct End(Arc<AtomicBool>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
