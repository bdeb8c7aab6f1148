//! Decides what of HTTP/2's frames is too much, before hyper sees them: floods of what asks for nothing, and heads that take
//! for ever. What the frames say is hyper's to judge.
//!
//! | rule | limit |
//! |---|---|
//! | the connection preface and each head are there in time | the setting for heads |
//! | a frame that was begun ends | the same |
//! | PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown and empty DATA frames | so many in ten seconds; more for each request and for what is sent in answer |
//! | RST_STREAM | so many in ten seconds, and half as many as there were requests |

use tokio::time::{Duration, Instant};

/// `PRI * HTTP/2.0` and what follows it (RFC 9113 §3.4).
const PREFACE_BYTES: usize = 24;
const FRAME_HEAD_BYTES: usize = 9;

const END_HEADERS: u8 = 0x4;

/// What is counted, is counted in pieces of time of this length.
const WINDOW: Duration = Duration::from_secs(10);

/// Frames that ask for nothing, in each window: an ordinary client acknowledges settings once and pings now and then.
const IDLE_FRAMES: u64 = 10_000;
/// As many more are allowed for each request.
const PER_REQUEST: u64 = 20;
/// And one for so many bytes that were sent: a client opens its windows as it takes answers, and may measure its way with pings
/// meanwhile. The answer to a ping is far shorter.
const BYTES_PER_FRAME: u64 = 256;
/// Streams that a client gave up, in each window, beside half of those it opened.
const RESETS: u64 = 100;

/// Reads the lengths and types of the frames a client sends.
#[derive(Debug)]
pub(super) struct Frames {
    at: At,
    /// Since when a head, or the preface, is being waited for.
    head_since: Option<Instant>,
    /// Since when a frame is not whole.
    frame_since: Option<Instant>,
    /// A head began since this was last asked.
    requests: bool,
    /// When bytes came or went last.
    moved: Instant,
    /// The client does not take what there is for it.
    blocked: bool,
    sent: Sent,
    window: Window,
}

/// How far in the stream of bytes.
#[derive(Debug)]
enum At {
    Preface(usize),
    Head([u8; FRAME_HEAD_BYTES], usize),
    Payload(usize),
}

#[derive(Debug)]
struct Window {
    began: Instant,
    heads: u64,
    idle: u64,
    resets: u64,
    sent: u64,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    #[error("read more HTTP/2 frames that ask for nothing than a client has use for")]
    Idle,
    #[error("read more HTTP/2 streams that are given up than a client has use for")]
    Resets,
}

impl Frames {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            at: At::Preface(0),
            head_since: Some(now),
            frame_since: None,
            requests: false,
            moved: now,
            blocked: false,
            sent: Sent::default(),
            window: Window::new(now),
        }
    }

    /// Since when something is being waited for that was begun.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        [self.head_since, self.frame_since]
            .into_iter()
            .flatten()
            .min()
    }

    /// Looks at what came.
    pub(super) fn came(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Excess> {
        self.moved = now;
        while let Some((&first, rest)) = bytes.split_first() {
            match &mut self.at {
                At::Preface(seen) => {
                    *seen += 1;
                    bytes = rest;
                    if *seen == PREFACE_BYTES {
                        self.head_since = None;
                        self.at = At::Head([0; FRAME_HEAD_BYTES], 0);
                    }
                }
                At::Head(head, seen) => {
                    if let Some(byte) = head.get_mut(*seen) {
                        *byte = first;
                    }
                    *seen += 1;
                    bytes = rest;
                    self.frame_since.get_or_insert(now);
                    if *seen == FRAME_HEAD_BYTES {
                        let head = *head;
                        let length = self.begin(head, now)?;
                        self.follow(length);
                    }
                }
                At::Payload(left) => {
                    let taken = bytes.len().min(*left);
                    let left = *left - taken;
                    bytes = bytes.get(taken..).unwrap_or_default();
                    self.follow(left);
                }
            }
        }
        Ok(())
    }

    /// Whether a head began since this was last asked.
    pub(super) fn take_requests(&mut self) -> bool {
        std::mem::take(&mut self.requests)
    }

    /// Looks at what was sent.
    pub(super) fn sent(&mut self, bytes: &[u8], now: Instant) {
        self.moved = now;
        self.blocked = false;
        self.window.sent += bytes.len() as u64;
        self.sent.follow(bytes);
    }

    /// The client does not take it yet.
    pub(super) fn blocked(&mut self) {
        self.blocked = true;
    }

    /// Since when there is nothing on its way to the client, and nothing came.
    pub(super) fn still_since(&self) -> Option<Instant> {
        (!self.blocked).then_some(self.moved)
    }

    /// Whether a frame may follow what was sent.
    pub(super) fn may_send(&self) -> bool {
        self.sent.at == 0 && self.sent.left == 0
    }

    /// So many bytes of the frame are left.
    fn follow(&mut self, left: usize) {
        self.at = match left {
            0 => {
                self.frame_since = None;
                At::Head([0; FRAME_HEAD_BYTES], 0)
            }
            left => At::Payload(left),
        };
    }

    /// A frame begins: its length.
    fn begin(&mut self, head: [u8; FRAME_HEAD_BYTES], now: Instant) -> Result<usize, Excess> {
        let [high, middle, low, kind, flags, ..] = head;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if now.saturating_duration_since(self.window.began) >= WINDOW {
            self.window = Window::new(now);
        }
        let window = &mut self.window;
        match kind {
            // DATA. A body may come slowly: that is judged where it is read.
            0 if length > 0 => self.frame_since = None,
            // HEADERS, CONTINUATION
            1 | 9 => {
                if kind == 1 {
                    window.heads += 1;
                    self.requests = true;
                }
                if flags & END_HEADERS != 0 {
                    self.head_since = None;
                } else {
                    self.head_since.get_or_insert(now);
                }
            }
            // RST_STREAM
            3 => window.resets += 1,
            _ => window.idle += 1,
        }
        window.judge()?;
        Ok(length)
    }
}

/// Where in the frames that were sent the next byte is.
#[derive(Debug, Default)]
struct Sent {
    /// How much of a frame's head was sent, and the length it tells.
    at: usize,
    length: usize,
    /// What is left of its payload.
    left: usize,
}

impl Sent {
    fn follow(&mut self, mut bytes: &[u8]) {
        loop {
            let taken = bytes.len().min(self.left);
            self.left -= taken;
            let Some((&byte, rest)) = bytes.get(taken..).and_then(<[u8]>::split_first) else {
                return;
            };
            bytes = rest;
            if self.at < 3 {
                self.length = self.length << 8 | usize::from(byte);
            }
            self.at += 1;
            if self.at == FRAME_HEAD_BYTES {
                *self = Self {
                    left: self.length,
                    ..Self::default()
                };
            }
        }
    }
}

impl Window {
    const fn new(began: Instant) -> Self {
        Self {
            began,
            heads: 0,
            idle: 0,
            resets: 0,
            sent: 0,
        }
    }

    fn judge(&self) -> Result<(), Excess> {
        if self.idle > IDLE_FRAMES + self.heads * PER_REQUEST + self.sent / BYTES_PER_FRAME {
            return Err(Excess::Idle);
        }
        if self.resets > RESETS + self.heads / 2 {
            return Err(Excess::Resets);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
