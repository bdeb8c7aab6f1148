//! Decides when a deadline is past: one coarse timer wheel per core instead of a timer per request.
//!
//! Setting and clearing a [`Deadline`] only stores a number. It gets a place in the wheel when somebody waits for it, and
//! keeps that place when it is moved to a later time: what comes up too early is put back. So a request that is in
//! time costs no timer at all. A deadline is noticed up to one [`TICK`] late, never early.
//!
//! One sleep of the runtime serves all deadlines, as long as there is one to wait for.

mod places;

use std::cell::{Cell, RefCell};
use std::fmt;
#[cfg(test)]
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use places::{Key, Places};

/// How late a deadline may be noticed.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// The same. A second is a whole number of them.
const TICK_MILLIS: u64 = TICK.as_millis() as u64;

/// One core's deadlines. Clones are the same.
#[derive(Clone)]
pub(crate) struct Wheel(Rc<Inner>);

struct Inner {
    start: Instant,
    places: RefCell<Places>,
    /// Whether the task that turns the wheel was started.
    turning: Cell<bool>,
    /// When it sleeps: what to wake when an earlier deadline comes.
    turner: RefCell<Option<Waker>>,
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel").finish_non_exhaustive()
    }
}

impl Default for Wheel {
    fn default() -> Self {
        Self::new()
    }
}

impl Wheel {
    /// A wheel that holds nothing. Waiting for one of its deadlines needs a tokio `LocalSet` or `LocalRuntime`.
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner {
            start: Instant::now(),
            places: RefCell::default(),
            turning: Cell::new(false),
            turner: RefCell::default(),
        }))
    }

    /// A deadline that is not set.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline {
            key: self.0.places.borrow_mut().add(),
            wheel: Rc::clone(&self.0),
        }
    }

    /// Wakes everybody who waits for a deadline, so that they look at what else has changed.
    pub(crate) fn wake_all(&self) {
        let waiting = self.0.places.borrow_mut().take_wakers();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// How many deadlines have a place; for tests.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.places.borrow().placed()
    }
}

/// One deadline, to be set and cleared again and again. Dropped, it leaves the wheel.
pub(crate) struct Deadline {
    wheel: Rc<Inner>,
    key: Key,
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").finish_non_exhaustive()
    }
}

impl Deadline {
    /// Sets it, whatever it was before.
    pub(crate) fn set(&self, now: Instant, after: Duration) {
        let since = now.saturating_duration_since(self.wheel.start);
        let due = ticks(since.saturating_add(after), true);
        self.wheel
            .places
            .borrow_mut()
            .set(self.key, due, ticks(since, false));
    }

    /// Clears it: it is never past.
    pub(crate) fn clear(&self) {
        self.wheel.places.borrow_mut().clear(self.key);
    }

    /// Whether it is set.
    pub(crate) fn is_set(&self) -> bool {
        self.wheel.places.borrow().is_set(self.key)
    }

    /// Ready when it is past, and then until it is set anew. Who polled last is woken.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let waited = self.wheel.places.borrow_mut().wait(self.key, cx.waker());
        // A waker may own a task that owns a deadline: it must not be dropped while the wheel is in use.
        drop(waited.replaced);
        if waited.past {
            return Poll::Ready(());
        }
        if waited.earlier {
            self.wheel.turn();
        }
        Poll::Pending
    }

    /// Waits until it is past.
    #[cfg(test)]
    pub(crate) async fn past(&self) {
        poll_fn(|cx| self.poll(cx)).await;
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let waker = self.wheel.places.borrow_mut().remove(self.key);
        drop(waker);
    }
}

impl Inner {
    /// The earliest deadline became earlier.
    fn turn(self: &Rc<Self>) {
        if self.turning.replace(true) {
            let turner = self.turner.borrow_mut().take();
            turner.into_iter().for_each(Waker::wake);
        } else {
            let turner = Turner {
                wheel: Rc::downgrade(self),
                sleep: None,
            };
            tokio::task::spawn_local(turner);
        }
    }

    /// Marks what is past, and wakes who waits for it.
    fn advance(&self) {
        let now = ticks(self.start.elapsed(), false);
        let woken = self.places.borrow_mut().advance(now);
        woken.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.turner.take().into_iter().for_each(Waker::wake);
    }
}

/// The task that turns the wheel until it is dropped. It sleeps to the next place that is taken.
struct Turner {
    wheel: Weak<Inner>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Future for Turner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(wheel) = self.wheel.upgrade() else {
            return Poll::Ready(());
        };
        loop {
            wheel.advance();
            let next = wheel.places.borrow_mut().sleep_to_next();
            let Some(next) = next else {
                // No sleep while nothing waits: a clock that is paused then stands still.
                self.sleep = None;
                break;
            };
            let until = time(wheel.start, next);
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(sleep_until(until)));
            if sleep.deadline() != until {
                sleep.as_mut().reset(until);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        wheel.turner.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

/// How many ticks a time is after the start.
fn ticks(since: Duration, round_up: bool) -> u64 {
    // Not with the 128 bits of `as_millis`: this is asked several times per request.
    let millis = u64::from(since.subsec_millis());
    let of_second = if round_up {
        millis.div_ceil(TICK_MILLIS)
    } else {
        millis / TICK_MILLIS
    };
    let seconds = since.as_secs().saturating_mul(1000 / TICK_MILLIS);
    seconds.saturating_add(of_second)
}

fn time(start: Instant, tick: u64) -> Instant {
    start + Duration::from_millis(tick.saturating_mul(TICK_MILLIS))
}

#[cfg(test)]
mod tests;
