//! Runs a proxy on settings: what `run` and `demo` have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use vestibule_config::{AdminSettings, LogFormat, SecretText, Settings, StoreSettings};
use vestibule_oidc::secret::Secret;
use vestibule_proxy::admin::{Admin, AdminPlan, SessionsPagePlan};
use vestibule_proxy::control::Control;
use vestibule_proxy::plan::Plan;
use vestibule_proxy::proxy::Proxy;
use vestibule_proxy::server::Running;
use vestibule_proxy::shared::Shared;
use vestibule_proxy::store::{Bounds, CookieStore, FileStore, FileStoreSettings, MemoryStore};
use vestibule_proxy::telemetry::access::Format;
use vestibule_proxy::telemetry::{AccessLogPlan, Destination, Telemetry};

use crate::assemble::{self, AssembleError};

/// How long a stop waits at most for token refreshes, the time it waits for requests included.
const LANDING_MOST: Duration = Duration::from_secs(30);

/// How long it waits for them at least, even if requests took all the time there was: as long as a
/// provider may take to answer and the store to take the new refresh token, without which the
/// session is lost.
const LANDING_LEAST: Duration = Duration::from_secs(12);

/// A proxy that answers requests.
pub(crate) struct Served {
    /// The settings of the start: what a reload can't change is still as they say.
    started_with: Settings,
    shared: Arc<Shared>,
    /// The file store, to be told when the keys change.
    file: Option<Arc<FileStore>>,
    proxy: Arc<Proxy>,
    running: Running,
    admin: Option<Admin>,
    control: Control,
}

impl Served {
    /// Opens the store, makes the plan and takes the addresses.
    ///
    /// # Errors
    /// What could not be opened, read or taken, as a chain that names it.
    pub(crate) fn start(settings: &Settings, runtime: &Handle) -> Result<Self, AssembleError> {
        let control = Control::new(runtime.clone());
        let access_log = settings.log.access.then(|| AccessLogPlan {
            destination: Destination::Stdout,
            format: match settings.log.format {
                LogFormat::Json => Format::Json,
                LogFormat::Text => Format::Text,
            },
            ..AccessLogPlan::default()
        });
        let telemetry = Arc::new(Telemetry::start(access_log.as_ref())?);
        let plan = assemble::plan(settings, &control, &telemetry.metrics, None)?;
        let (shared, file) = share(settings, plan, &control, &telemetry)?;
        let proxy = Proxy::new(Arc::clone(&shared));
        let running = proxy.start(runtime)?;
        runtime.spawn(sweep(Arc::clone(&shared)));
        let admin = match &settings.admin {
            Some(set) => {
                let plan = AdminPlan {
                    address: set.listen,
                    secret: set
                        .secret
                        .as_ref()
                        .map(|text| Secret::new(text.expose().to_owned())),
                    hosts: set.hosts.clone(),
                    sessions: set.sessions_secret.as_ref().map(|text| SessionsPagePlan {
                        secret: Secret::new(text.expose().to_owned()),
                        shared: Arc::clone(&shared),
                    }),
                };
                let ready = Arc::clone(&shared);
                let ready = Arc::new(move || ready.ready());
                Some(Admin::start(
                    plan,
                    Arc::clone(&telemetry.metrics),
                    ready,
                    runtime,
                )?)
            }
            None => None,
        };
        Ok(Self {
            started_with: settings.clone(),
            shared,
            file,
            proxy,
            running,
            admin,
            control,
        })
    }

    /// The addresses that answer requests.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        self.running.local_addresses()
    }

    /// The address of the admin listener.
    pub(crate) fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::local_address)
    }

    /// How the log is written.
    pub(crate) fn log_format(&self) -> LogFormat {
        self.started_with.log.format
    }

    /// What all cores share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Puts other settings in force, or keeps the old ones.
    ///
    /// # Errors
    /// Why the new ones can't be used.
    pub(crate) fn reload(&self, settings: &Settings) -> Result<(), AssembleError> {
        let restart = needs_restart(&self.started_with, settings);
        let mut settings = settings.clone();
        if restart.contains(&SESSION_STORE) {
            // The keys are those of a store that is not open: this one, and what is sealed for it, keep theirs.
            settings.session.keys.clear();
        }
        let plan = assemble::plan(
            &settings,
            &self.control,
            &self.shared.telemetry.metrics,
            Some(&self.proxy.plan()),
        )?;
        if let Some(file) = &self.file {
            file.use_keys(plan.keys.clone());
        }
        let before = self.proxy.plan();
        let keeps_keys = plan.keys.has_all_of(&before.keys);
        self.proxy.reload(plan);
        if !keeps_keys {
            self.shared.keys_taken_away();
        }
        for key in restart {
            tracing::warn!(key, "this key changed, and takes effect at the next start");
        }
        Ok(())
    }

    /// Counts a reload.
    pub(crate) fn count_reload(&self, result: &'static str) {
        self.shared.telemetry.metrics.reload(result);
    }

    /// Stops: requests in flight end first. `true` if nothing had to be cut. Blocks.
    pub(crate) fn stop(self, runtime: &Handle) -> bool {
        self.shared.stop();
        let drain = self.proxy.plan().drain;
        let cut_at = Instant::now() + drain.min(LANDING_MOST);
        let in_time = self.running.shutdown(drain);
        let patience = cut_at
            .saturating_duration_since(Instant::now())
            .max(LANDING_LEAST);
        let (landed, revoked) = runtime.block_on(async {
            tokio::join!(
                self.shared.flights.all_landed(patience),
                self.shared.revocations.all_done(patience)
            )
        });
        if !revoked {
            tracing::warn!(
                "tokens of people who signed out could not be revoked in time; they live until they expire"
            );
        }
        if !landed {
            tracing::error!(
                "refreshed tokens could not be stored in time; the people concerned may have to sign in again"
            );
        }
        if let Err(error) = runtime.block_on(self.shared.store.flush()) {
            tracing::error!(%error, "the session store could not write down the last uses");
        }
        in_time
    }
}

/// Opens the store, which outlives every plan.
fn share(
    settings: &Settings,
    plan: Plan,
    control: &Control,
    telemetry: &Arc<Telemetry>,
) -> Result<(Arc<Shared>, Option<Arc<FileStore>>), AssembleError> {
    let (control, telemetry) = (control.clone(), Arc::clone(telemetry));
    Ok(match &settings.session.store {
        StoreSettings::Memory => {
            let store = Arc::new(MemoryStore::new(Bounds::default()));
            (Shared::new(plan, store, control, telemetry), None)
        }
        StoreSettings::File(path) => {
            let store = FileStore::open(path, plan.keys.clone(), FileStoreSettings::default())?;
            let store = Arc::new(store);
            let kept = Arc::clone(&store);
            (Shared::new(plan, store, control, telemetry), Some(kept))
        }
        StoreSettings::Cookie => {
            let store = Arc::new(CookieStore::new(Bounds::default()));
            (Shared::carrying(plan, store, control, telemetry), None)
        }
    })
}

const SESSION_STORE: &str = "session.store";

/// Whether two settings mean the same admin listener. A secret that was changed but still lets callers in must not go
/// unsaid.
fn same_admin(one: Option<&AdminSettings>, other: Option<&AdminSettings>) -> bool {
    let secret = |text: &Option<SecretText>| {
        let text = text.as_ref();
        text.map(|text| Secret::new(text.expose().to_owned()))
    };
    let parts = |admin: &AdminSettings| {
        (
            admin.listen,
            secret(&admin.secret),
            secret(&admin.sessions_secret),
            admin.hosts.clone(),
        )
    };
    one.map(parts) == other.map(parts)
}

/// The keys that differ and that a running proxy can't change.
fn needs_restart(before: &Settings, after: &Settings) -> Vec<&'static str> {
    let log = |settings: &Settings| (settings.log.format, settings.log.level, settings.log.access);
    let tls = |settings: &Settings| settings.tls.is_some();
    [
        ("listen", before.listen != after.listen),
        ("tls", tls(before) != tls(after)),
        ("threads", before.threads != after.threads),
        (SESSION_STORE, before.session.store != after.session.store),
        (
            "limits.max_connections",
            before.limits.max_connections != after.limits.max_connections,
        ),
        ("log", log(before) != log(after)),
        (
            "admin",
            !same_admin(before.admin.as_ref(), after.admin.as_ref()),
        ),
    ]
    .into_iter()
    .filter_map(|(key, differs)| differs.then_some(key))
    .collect()
}

/// Removes sessions that have ended, every now and then.
async fn sweep(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        if let Err(error) = shared.sweep().await {
            shared.telemetry.metrics.store_error("sweep");
            tracing::warn!(code = error.code(), %error, "ended sessions could not be swept");
        }
    }
}

/// Listens for Ctrl-C and SIGTERM from now on: before anything is announced, as whoever reads it may send one at once. The
/// future waits for the first. Needs a runtime.
pub(crate) fn stop_asked_for() -> impl Future<Output = ()> {
    let mut interrupt = signal(SignalKind::interrupt()).ok();
    let mut terminate = signal(SignalKind::terminate()).ok();
    async move {
        tokio::select! {
            () = next(&mut interrupt) => {}
            () = next(&mut terminate) => {}
        }
    }
}

/// Waits for a signal; for ever when the system would not let us listen for it.
pub(crate) async fn next(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
