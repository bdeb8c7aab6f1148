//! Holds what all cores share: the plan in force, the store, the telemetry and the way to the control runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use vestibule_oidc::time::UnixTime;
use vestibule_session::store::Store;

use crate::control::Control;
use crate::endings::Endings;
use crate::plan::Plan;
use crate::revocation::Revocations;
use crate::signin::{BackChannel, EventStreams, KeptPosts, UsedStates};
use crate::store::CookieStore;
use crate::telemetry::Telemetry;
use crate::tokens::Flights;

/// What all cores share. Nothing on the way of a signed-in request locks it.
#[derive(Debug)]
pub struct Shared {
    /// The plan in force. A request works by the one it began with.
    pub plan: ArcSwap<Plan>,
    /// Where sessions live.
    pub store: Arc<dyn Store>,
    /// The same, if it is the one whose sessions browsers carry.
    pub carried: Option<Arc<CookieStore>>,
    /// The way to the control runtime.
    pub control: Control,
    /// What is counted and logged.
    pub telemetry: Arc<Telemetry>,
    /// The token refreshes in flight.
    pub flights: Flights,
    /// The sign-ins that were finished lately; none is finished twice.
    pub used_states: UsedStates,
    /// The forms that wait for a sign-in to be completed.
    pub kept_posts: KeptPosts,
    /// The pages that wait for the end of their session.
    pub event_streams: EventStreams,
    /// Who watches which session.
    pub endings: Endings,
    /// The tokens being revoked.
    pub revocations: Revocations,
    /// What providers' logouts may take.
    pub back_channel: BackChannel,
    /// Whether a stop was asked for: traffic should go elsewhere.
    pub stopping: AtomicBool,
}

impl Shared {
    /// What a proxy begins with: nothing in flight, nothing used.
    #[must_use]
    pub fn new(
        plan: Plan,
        store: Arc<dyn Store>,
        control: Control,
        telemetry: Arc<Telemetry>,
    ) -> Arc<Self> {
        Arc::new(Self::of(plan, store, None, control, telemetry))
    }

    /// The same, for sessions that browsers carry.
    #[must_use]
    pub fn carrying(
        plan: Plan,
        store: Arc<CookieStore>,
        control: Control,
        telemetry: Arc<Telemetry>,
    ) -> Arc<Self> {
        let carried = Some(Arc::clone(&store));
        Arc::new(Self::of(plan, store, carried, control, telemetry))
    }

    fn of(
        plan: Plan,
        store: Arc<dyn Store>,
        carried: Option<Arc<CookieStore>>,
        control: Control,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        plan.count_from_zero(&telemetry.metrics);
        Self {
            plan: ArcSwap::from_pointee(plan),
            store,
            carried,
            control,
            telemetry,
            flights: Flights::default(),
            used_states: UsedStates::default(),
            kept_posts: KeptPosts::default(),
            event_streams: EventStreams::default(),
            endings: Endings::default(),
            revocations: Revocations::default(),
            back_channel: BackChannel::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// The time by this machine's clock.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixTime::from_secs(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// To be called when a plan is in force that lacks a sealing key of the one before: what was sealed with it is
    /// nobody's session any more, and whoever watches one looks.
    pub fn keys_taken_away(&self) {
        if let Some(carried) = &self.carried {
            carried.use_keys(&self.plan.load().keys);
        }
        self.endings.look_now();
    }

    /// Notes that a stop was asked for.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Streams of ours end by themselves.
        self.endings.look_now();
    }

    /// Whether traffic should come here.
    ///
    /// # Errors
    /// Why not, in a word.
    pub fn ready(&self) -> Result<(), &'static str> {
        if self.stopping.load(Ordering::Relaxed) {
            Err("stopping")
        } else {
            Ok(())
        }
    }
}
