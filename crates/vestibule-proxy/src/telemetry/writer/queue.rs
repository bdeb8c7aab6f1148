//! The queue between all cores and the one writer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Message;

/// How long lines may gather before they are written.
const GATHERING: Duration = Duration::from_millis(50);

pub(super) struct Queue {
    state: Mutex<State>,
    pub(super) wake: Condvar,
    most: usize,
}

#[derive(Default)]
pub(super) struct State {
    messages: Vec<Message>,
    /// Somebody waits, or the queue fills up: no more gathering.
    urgent: bool,
    /// Nobody will put anything any more.
    pub(super) closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            most,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left behind is whole: each change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a line. Says whether there was room.
    pub(super) fn put(&self, message: Message) -> bool {
        let mut state = self.lock();
        let held = state.messages.len();
        if held >= self.most {
            return false;
        }
        state.messages.push(message);
        let fills = held >= self.most / 2 && !state.urgent;
        state.urgent |= fills;
        drop(state);
        // Otherwise the writer is on its way.
        if held == 0 || fills {
            self.wake.notify_one();
        }
        true
    }

    /// Puts what must not wait for more. Says whether there was room.
    pub(super) fn put_urgent(&self, message: Message) -> bool {
        self.lock().urgent = true;
        let put = self.put(message);
        self.wake.notify_one();
        put
    }

    /// Waits for messages, and takes all there are; `false` when there will be none.
    pub(super) fn take(&self, into: &mut Vec<Message>) -> bool {
        let idle = |state: &mut State| state.messages.is_empty() && !state.closed;
        let state = self.wake.wait_while(self.lock(), idle);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let gathering = |state: &mut State| !state.urgent && !state.closed;
        let waited = self.wake.wait_timeout_while(state, GATHERING, gathering);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.urgent = false;
        std::mem::swap(&mut state.messages, into);
        !into.is_empty()
    }
}
