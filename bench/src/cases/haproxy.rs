//! HAProxy, plain.

use super::{Case, Passes, Running};
use crate::problem::Outcome;
use crate::stage::{Place, Process};

pub(super) fn plain(place: &Place, case: &Case) -> Outcome<Running> {
    let (threads, port, app) = (case.cores, place.port, place.upstream.port);
    let text = format!(
        "global\n\
         \x20 nbthread {threads}\n\
         \x20 maxconn 8192\n\
         defaults\n\
         \x20 mode http\n\
         \x20 timeout connect 5s\n\
         \x20 timeout client 75s\n\
         \x20 timeout server 75s\n\
         \x20 option http-keep-alive\n\
         \x20 option forwardfor\n\
         \x20 http-reuse always\n\
         frontend front\n\
         \x20 bind 127.0.0.1:{port}\n\
         \x20 http-request set-header X-Forwarded-Proto http\n\
         \x20 http-request set-header X-Forwarded-Host %[req.hdr(host)]\n\
         \x20 default_backend application\n\
         backend application\n\
         \x20 server application 127.0.0.1:{app} pool-max-conn -1\n"
    );
    place.write("haproxy.cfg", &text)?;
    let line = ["haproxy", "-db", "-f", "haproxy.cfg"];
    let cores = place.cores.of_proxy(case.cores);
    Ok(Running {
        processes: vec![Process::start("haproxy", &place.folder, &cores, &line)?],
        url: place.url("http"),
        passes: Passes::Request,
    })
}
