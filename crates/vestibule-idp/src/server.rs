//! The provider as a whole: take the ports, make the key, serve, stop.

mod connection;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use connection::{Role, accept};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    directory::Directory,
    faults::ArmedFault,
    journal::Journal,
    pages::Pages,
    provider::Provider,
    settings::{ControlPort, IdpSettings},
    tokens::{KeyFailure, Keys, Roll},
};

/// The local identity provider.
#[derive(Debug)]
pub struct Idp;

/// Why the provider could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address to listen on is not a loopback address. Its secrets are public, so it is never
    /// to be reached from elsewhere.
    #[error("listen on {0}: only a loopback address is allowed")]
    NotLoopback(IpAddr),
    /// The settings don't fit together.
    #[error("use the provider's settings: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// Somebody else listens there.
    #[error("listen on {0}: the port is taken")]
    PortTaken(SocketAddr),
    /// The address can't be listened on.
    #[error("listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The signing keys could not be made.
    #[error("make the signing keys")]
    Keys(#[source] KeyFailure),
    /// A page template is broken.
    #[error("prepare the pages")]
    Pages(#[source] minijinja::Error),
}

/// A provider that has its ports but answers nothing yet.
#[derive(Debug)]
pub struct Bound {
    provider: Arc<Provider>,
    listener: TcpListener,
    address: SocketAddr,
    control: Option<(TcpListener, SocketAddr)>,
}

/// A running provider. Dropping it stops it at once; [`Running::shutdown`] lets requests finish.
#[derive(Debug)]
pub struct Running {
    provider: Arc<Provider>,
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Idp {
    /// Binds and serves. Port zero picks a free one.
    ///
    /// # Errors
    ///
    /// Those of [`Idp::bind`].
    pub async fn start(settings: IdpSettings, port: u16) -> Result<Running, StartError> {
        Ok(Self::bind(settings, port).await?.serve())
    }

    /// Takes the ports and makes the keys, but answers nothing yet, so that a program can print
    /// [`Bound::describe`] before the first request is answered.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the address is not loopback, a port is taken, the settings don't fit
    /// together.
    pub async fn bind(settings: IdpSettings, port: u16) -> Result<Bound, StartError> {
        if !settings.listen.is_loopback() {
            return Err(StartError::NotLoopback(settings.listen));
        }
        let directory = Directory::new(&settings).map_err(StartError::Settings)?;
        let (listener, address) = listen(SocketAddr::new(settings.listen, port)).await?;
        let control = match settings.control_port {
            ControlPort::Off => None,
            ControlPort::On(port) => Some(listen(SocketAddr::new(settings.listen, port)).await?),
        };
        let keys = tokio::task::spawn_blocking(Keys::new)
            .await
            .map_err(|_| StartError::Keys(KeyFailure::Interrupted))?
            .map_err(StartError::Keys)?;
        let pages = Pages::new().map_err(StartError::Pages)?;
        let origin = format!("http://{address}");
        let provider = Provider::new(settings, directory, keys, pages, origin, address.port());
        Ok(Bound {
            provider,
            listener,
            address,
            control,
        })
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let taken = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(address),
        _ => StartError::Listen { address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address, source })?;
    Ok((listener, address))
}

impl Bound {
    /// What [`Running::describe`] says.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        describe(
            &self.provider,
            self.control.as_ref().map(|(_, address)| *address),
        )
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer. Must be called on a Tokio runtime.
    #[must_use]
    pub fn serve(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        let control_address = self.control.as_ref().map(|(_, address)| *address);
        tasks.push(tokio::spawn(accept(
            self.listener,
            Arc::clone(&self.provider),
            Role::Provider,
            stopped.clone(),
        )));
        if let Some((listener, _)) = self.control {
            let provider = Arc::clone(&self.provider);
            tasks.push(tokio::spawn(accept(
                listener,
                provider,
                Role::Control,
                stopped,
            )));
        }
        Running {
            provider: self.provider,
            address: self.address,
            control_address,
            stop,
            tasks,
        }
    }
}

impl Running {
    /// The values a client needs, by the names they are printed under: `metadata_url` (v2.0, of the
    /// home tenant), `tenant_id`, `client_id`, `client_secret`, `api`, and `control_url` when there
    /// is a control listener.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        describe(&self.provider, self.control_address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control listener listens, if there is one.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// `http://127.0.0.1:PORT`: the beginning of every address in the metadata.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.provider.origin
    }

    /// Switches faults on, as `POST /faults` does.
    pub fn arm(&self, faults: impl IntoIterator<Item = impl Into<ArmedFault>>) {
        self.provider
            .faults
            .arm(faults.into_iter().map(Into::into).collect());
    }

    /// Switches every fault off.
    pub fn clear_faults(&self) {
        self.provider.faults.clear();
    }

    /// Changes the signing keys and returns the `kid` that signs from now on.
    ///
    /// # Errors
    ///
    /// [`KeyFailure`] when no key could be made.
    pub fn roll_keys(&self, roll: Roll) -> Result<String, KeyFailure> {
        self.provider.keys.roll(roll)
    }

    /// Revokes every refresh token and signs every browser out.
    pub fn revoke_all(&self) {
        self.provider.grants.revoke_all();
        self.provider.sessions.clear();
    }

    /// What was asked of the provider so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.provider.log.read()
    }

    /// Stops accepting, lets requests in flight finish for up to two seconds, and returns when the
    /// ports are free.
    pub async fn shutdown(mut self) {
        // Nobody left to tell is as good as told.
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            // A task that panicked is a stopped task.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn describe(
    provider: &Provider,
    control_address: Option<SocketAddr>,
) -> Vec<(&'static str, String)> {
    let mut values = provider.describe();
    if let Some(address) = control_address {
        values.push(("control_url", format!("http://{address}")));
    }
    values
}
