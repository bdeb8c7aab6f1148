//! Which faults are switched on, and how often each still acts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::Error as _};
use serde_json::{Map, Value};

use super::{BodyShape, Endpoint, Fault};

/// A fault that is switched on, with how often it still acts.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmedFault {
    /// What goes wrong.
    pub fault: Fault,
    /// How many more times; `None` is until it is switched off.
    pub times: Option<u32>,
}

impl From<Fault> for ArmedFault {
    fn from(fault: Fault) -> Self {
        Self { fault, times: None }
    }
}

// `#[serde(flatten)]` would switch off the refusal of unknown members, so the one member that is
// ours is taken out by hand.
impl<'de> Deserialize<'de> for ArmedFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let times = members
            .shift_remove("times")
            .map(serde_json::from_value)
            .transpose()
            .map_err(de::Error::custom)?;
        let fault = serde_json::from_value(Value::Object(members)).map_err(de::Error::custom)?;
        Ok(Self { fault, times })
    }
}

impl Serialize for ArmedFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.fault).map_err(S::Error::custom)?;
        if let (Some(members), Some(times)) = (value.as_object_mut(), self.times) {
            members.insert("times".to_owned(), times.into());
        }
        value.serialize(serializer)
    }
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<ArmedFault>>);

impl Faults {
    pub(crate) fn new(armed: Vec<ArmedFault>) -> Self {
        Self(Mutex::new(armed))
    }

    pub(crate) fn arm(&self, more: Vec<ArmedFault>) {
        self.lock().extend(more);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn armed(&self) -> Vec<ArmedFault> {
        self.lock().clone()
    }

    /// The first answer `choose` gives for an armed fault, which is thereby used once.
    pub(crate) fn fire<T>(&self, choose: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut armed = self.lock();
        let (at, answer) = armed
            .iter()
            .enumerate()
            .filter(|(_, armed)| armed.times != Some(0))
            .find_map(|(at, armed)| choose(&armed.fault).map(|answer| (at, answer)))?;
        if let Some(times) = armed.get_mut(at).and_then(|armed| armed.times.as_mut()) {
            *times -= 1;
        }
        armed.retain(|armed| armed.times != Some(0));
        Some(answer)
    }

    /// Every armed fault that `choose` answers for is used once.
    pub(crate) fn fire_all<T>(&self, choose: impl Fn(&Fault) -> Option<T>) -> Vec<T> {
        let mut armed = self.lock();
        let mut answers = Vec::new();
        for armed in armed.iter_mut().filter(|armed| armed.times != Some(0)) {
            if let Some(answer) = choose(&armed.fault) {
                answers.push(answer);
                if let Some(times) = armed.times.as_mut() {
                    *times -= 1;
                }
            }
        }
        armed.retain(|armed| armed.times != Some(0));
        answers
    }

    /// Whether `fault` is on; uses it once.
    pub(crate) fn fires(&self, fault: &Fault) -> bool {
        self.fire(|armed| (armed == fault).then_some(())).is_some()
    }

    /// Whether a fault of this sort is on, without using it.
    pub(crate) fn is_on(&self, is_it: impl Fn(&Fault) -> bool) -> bool {
        self.lock().iter().any(|armed| is_it(&armed.fault))
    }

    /// What to do to a request for `endpoint` before any work is done.
    pub(crate) fn on_arrival(&self, endpoint: Endpoint) -> Arrival {
        let slow_millis = self.fire(|fault| match fault {
            Fault::Slow {
                endpoint: at,
                millis,
            } if at.covers(endpoint) => Some(*millis),
            _ => None,
        });
        let hang_up = self
            .fire(|fault| match fault {
                Fault::HangUp { endpoint: at } if at.covers(endpoint) => Some(()),
                _ => None,
            })
            .is_some();
        let status = self.fire(|fault| match fault {
            Fault::Status {
                endpoint: at,
                status,
                retry_after_secs,
            } if at.covers(endpoint) => Some((*status, *retry_after_secs)),
            _ => None,
        });
        Arrival {
            slow_millis,
            hang_up,
            status,
        }
    }

    /// How the finished answer of `endpoint` is to be spoiled.
    pub(crate) fn on_departure(&self, endpoint: Endpoint) -> Option<BodyShape> {
        self.fire(|fault| match fault {
            Fault::Body {
                endpoint: at,
                shape,
            } if at.covers(endpoint) => Some(*shape),
            _ => None,
        })
    }

    /// Seconds by which the clock is off. Asking does not use the fault.
    pub(crate) fn clock_offset_secs(&self) -> i64 {
        self.lock()
            .iter()
            .map(|armed| match armed.fault {
                Fault::ClockOffset { seconds } => seconds,
                _ => 0,
            })
            .sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ArmedFault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the switched-on faults do to a request that has just arrived.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    pub(crate) slow_millis: Option<u64>,
    pub(crate) hang_up: bool,
    pub(crate) status: Option<(u16, Option<u32>)>,
}
