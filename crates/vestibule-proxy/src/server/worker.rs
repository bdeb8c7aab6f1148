//! Holds one core: a thread with a current-thread runtime, its acceptors and its upstream connections.

use std::io;
use std::net::TcpListener as Listener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::{Core, Handler, Stop};
use crate::listen::{
    Acceptor, Crowd, ListenerPlan, Reporting, Room, Serving, Tasks, accept, answer_calls,
};
use crate::telemetry::Telemetry;

/// A bound listener of this core.
pub(super) struct Socket {
    pub(super) listener: Listener,
    pub(super) index: usize,
    pub(super) planned: ListenerPlan,
}

pub(super) struct Worker<H> {
    pub(super) index: usize,
    pub(super) sockets: Vec<Socket>,
    pub(super) handler: Arc<H>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) room: Arc<Room>,
    pub(super) stop: Stop,
}

impl<H: Handler> Worker<H> {
    /// Serves until the stop. `true` if nothing had to be cut.
    pub(super) fn run(self, report: &SyncSender<io::Result<()>>) -> bool {
        let runtime = match Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
        {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = report.send(Err(error));
                return false;
            }
        };
        let in_time = runtime.block_on(self.serve(report));
        // A name look-up may still block a thread; nobody waits for its answer.
        runtime.shutdown_background();
        in_time
    }

    async fn serve(self, report: &SyncSender<io::Result<()>>) -> bool {
        let core = Rc::new(Core::new(self.index, Arc::clone(&self.telemetry)));
        let serving = Rc::new(Serving {
            handler: self.handler,
            core: Rc::clone(&core),
            reporting: Rc::new(Reporting::new(self.telemetry)),
            stop: self.stop.clone(),
            tasks: Tasks::default(),
            crowd: Crowd::new(self.room),
        });
        let mut acceptors = Vec::with_capacity(self.sockets.len());
        for Socket {
            listener,
            index,
            planned,
        } in self.sockets
        {
            let listener = match TcpListener::from_std(listener) {
                Ok(listener) => listener,
                Err(error) => {
                    let _ = report.send(Err(error));
                    return false;
                }
            };
            let acceptor = Acceptor {
                listener,
                index,
                planned,
            };
            acceptors.push(spawn_local(accept(Rc::clone(&serving), acceptor)));
        }
        spawn_local(answer_calls(Rc::clone(&serving)));
        let upstreams = core.upstreams().clone();
        spawn_local(async move { upstreams.reap().await });
        let _ = report.send(Ok(()));
        let drain = self.stop.clone().drain().await;
        // Connections that wait for a request wait with a deadline: they look at the stop now.
        core.wheel().wake_all();
        let ended = async {
            for acceptor in acceptors {
                let _ = acceptor.await;
            }
            serving.tasks.ended().await;
        };
        timeout(drain, ended).await.is_ok()
    }
}
