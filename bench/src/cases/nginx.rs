//! nginx: plain, with TLS, with an access log, and with `auth_request` to a service that always agrees.

use super::{Case, Passes, Running};
use crate::problem::Outcome;
use crate::stage::{Place, Process};

pub(super) fn plain(place: &Place, case: &Case) -> Outcome<Running> {
    let listen = format!("listen 127.0.0.1:{};", place.port);
    start(place, case, "http", "off", &listen, "")
}

pub(super) fn logging(place: &Place, case: &Case) -> Outcome<Running> {
    let listen = format!("listen 127.0.0.1:{};", place.port);
    start(place, case, "http", "access.log combined", &listen, "")
}

pub(super) fn tls(place: &Place, case: &Case) -> Outcome<Running> {
    let listen = format!(
        "listen 127.0.0.1:{} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
         ssl_protocols TLSv1.2 TLSv1.3;",
        place.https_port
    );
    start(place, case, "https", "off", &listen, "")
}

/// The decision service is another server of the same nginx: the least that one can cost.
pub(super) fn auth_request(place: &Place, case: &Case) -> Outcome<Running> {
    let socket = format!("{}/auth.sock", place.here());
    let listen = format!(
        "listen 127.0.0.1:{};\n\
         location = /auth {{\n\
           internal; proxy_pass http://auth; proxy_http_version 1.1;\n\
           proxy_set_header Connection \"\"; proxy_pass_request_body off;\n\
           proxy_set_header Content-Length \"\";\n\
         }}\n\
         auth_request /auth; auth_request_set $decision $upstream_http_x_decision;",
        place.port
    );
    let more = format!(
        "upstream auth {{ server unix:{socket}; keepalive 1024; keepalive_requests 1000000000; }}\n\
         server {{ listen unix:{socket} backlog=4096; keepalive_requests 1000000000; add_header X-Decision yes always; return 202; }}"
    );
    let running = start(place, case, "http", "off", &listen, &more)?;
    Ok(Running {
        passes: Passes::Field("X-Decision", "yes"),
        ..running
    })
}

fn start(
    place: &Place,
    case: &Case,
    scheme: &str,
    access_log: &str,
    listen: &str,
    more: &str,
) -> Outcome<Running> {
    let (workers, app) = (case.cores, place.upstream.port);
    // Buffers that hold the largest answer, so that nothing is written to disk. Connections are kept
    // as long as the load wants them.
    let text = format!(
        r#"
worker_processes {workers}; daemon off; pid nginx.pid; error_log error.log warn;
{user}
events {{ worker_connections 16384; }}
http {{
  access_log {access_log};
  keepalive_timeout 75s; keepalive_requests 1000000000;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  upstream application {{
    server 127.0.0.1:{app}; keepalive 1024; keepalive_requests 1000000000;
  }}
  server {{
    {listen}
    location / {{
      proxy_pass http://application; proxy_http_version 1.1;
      proxy_buffer_size 16k; proxy_buffers 8 32k;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      {decision}
    }}
  }}
  {more}
}}
"#,
        user = super::request::if_root("user root;"),
        decision = if more.is_empty() {
            ""
        } else {
            "proxy_set_header X-Decision $decision;"
        },
    );
    place.write("nginx.conf", &text)?;
    std::fs::create_dir_all(place.folder.join("tmp"))?;
    let here = place.here();
    let line = ["nginx", "-p", &here, "-c", "nginx.conf", "-e", "error.log"];
    let cores = place.cores.of_proxy(case.cores);
    Ok(Running {
        processes: vec![Process::start("nginx", &place.folder, &cores, &line)?],
        url: place.url(scheme),
        passes: Passes::Request,
    })
}
