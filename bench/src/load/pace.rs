//! When requests are sent: each after the last (closed loop), or by the clock (open loop).

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::sample::Sample;
use crate::problem::{Outcome, Problem};

/// How long nothing may come back before the case counts as stuck.
const STUCK: Duration = Duration::from_secs(20);

/// When a closed loop ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    After(Duration),
    Requests(u64),
}

impl Engine {
    /// Every connection asks again as soon as it is answered. Returns when nothing is in flight any
    /// more, so that the CPU time around it belongs to exactly these requests.
    pub(crate) fn closed(&mut self, stop: Stop) -> Outcome<Sample> {
        let start = Instant::now();
        let mut sample = Sample::default();
        let mut sent: u64 = 0;
        let wants_more = |sent: u64, now: Instant| match stop {
            Stop::After(duration) => now.duration_since(start) < duration,
            Stop::Requests(count) => sent < count,
        };
        for index in 0..self.connections() {
            if wants_more(sent, start) {
                sent += 1;
                self.send(index, start)?;
            }
        }
        while self.in_flight() > 0 {
            self.turn_or_stuck(None, &mut sample)?;
            let now = Instant::now();
            while let Some((index, due)) = self.next_answered() {
                sample.requests += 1;
                sample.latencies.push(now.duration_since(due));
                if wants_more(sent, now) {
                    sent += 1;
                    self.send(index, now)?;
                }
            }
        }
        sample.elapsed = start.elapsed();
        Ok(sample)
    }

    /// Each of these connections asks once.
    pub(super) fn once(&mut self, connections: Range<usize>) -> Outcome {
        let mut sample = Sample::default();
        let now = Instant::now();
        for index in connections {
            self.send(index, now)?;
        }
        while self.in_flight() > 0 {
            self.turn_or_stuck(None, &mut sample)?;
            while self.next_answered().is_some() {}
        }
        Ok(())
    }

    /// `rate` requests a second, each measured from the moment it was due: a proxy that stalls is
    /// charged for everything that had to wait meanwhile.
    pub(crate) fn open(&mut self, rate: f64, duration: Duration) -> Outcome<Sample> {
        let start = Instant::now();
        let interval = Duration::from_secs_f64(1.0 / rate);
        let mut sample = Sample::default();
        let mut idle: VecDeque<usize> = (0..self.connections()).collect();
        let mut waiting: VecDeque<Instant> = VecDeque::new();
        let mut next = start;
        loop {
            let now = Instant::now();
            while next <= now && next.duration_since(start) < duration {
                waiting.push_back(next);
                next += interval;
            }
            while !waiting.is_empty()
                && let Some(index) = idle.pop_front()
                && let Some(due) = waiting.pop_front()
            {
                self.send(index, due)?;
            }
            if next.duration_since(start) >= duration && waiting.is_empty() && self.in_flight() == 0
            {
                sample.elapsed = start.elapsed();
                return Ok(sample);
            }
            if now.duration_since(start) > duration + STUCK {
                return Err(Problem::new("requests are left without an answer"));
            }
            // Without sleeping: a timer would be late by more than an answer takes.
            self.turn_or_stuck(Some(Duration::ZERO), &mut sample)?;
            let now = Instant::now();
            while let Some((index, due)) = self.next_answered() {
                sample.requests += 1;
                sample.latencies.push(now.duration_since(due));
                idle.push_back(index);
            }
        }
    }

    /// One turn; connections that were closed are opened again, their requests sent again.
    fn turn_or_stuck(&mut self, timeout: Option<Duration>, sample: &mut Sample) -> Outcome {
        let events = self.turn(timeout.or(Some(STUCK)))?;
        if events == 0 && timeout.is_none() {
            return Err(Problem::new("nothing came back for 20 seconds"));
        }
        while let Some((index, due)) = self.next_closed() {
            sample.reconnects += 1;
            if sample.reconnects > 1000 + sample.requests / 10 {
                let what = "the proxy closes connections instead of keeping them";
                return Err(Problem::new(what));
            }
            self.reopen(index)?;
            if let Some(due) = due {
                self.send(index, due)?;
            }
        }
        Ok(())
    }
}

/// For errors of one connection that concern the case.
pub(super) fn of_connection(error: io::Error) -> Problem {
    Problem::new(format!("a connection failed: {error}"))
}
