//! Servers in front of a recorder: Vestibule with public routes, nginx and HAProxy as plain proxies.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use tempfile::TempDir;

use super::recorder::Recorder;
use crate::http::Address;
use crate::place;
use crate::process::{Process, command};
use crate::program::{Configuration, Proxy};
use crate::scene::eventually;

/// A server and the recorder behind it.
#[derive(Debug)]
pub struct Front {
    /// Its port.
    pub port: u16,
    /// What is behind it.
    pub recorder: Recorder,
    _server: Server,
}

#[derive(Debug)]
#[expect(dead_code, reason = "whoever is in here runs as long as it stays")]
enum Server {
    Vestibule(Box<Proxy>),
    Other(Running),
}

/// A server that is not ours: its process, the folder it writes to, and its port.
#[derive(Debug)]
pub struct Running {
    // Ends before its folder goes.
    _process: Process,
    _folder: TempDir,
    /// Where it listens.
    pub port: u16,
}

/// `/ws` may switch to WebSocket, the rest may not. The deadline is short, so that a head that never
/// ends is a case like any other.
const VESTIBULE: &str = r#"
public_url = "{url}"
listen = "{listen}"
threads = 1

[limits]
header_timeout = "2s"

[[route]]
path = "/"
upstream = "http://127.0.0.1:{recorder}"
require = "public"

[[route]]
path = "/ws"
upstream = "http://127.0.0.1:{recorder}"
require = "public"
keep_prefix = true
websocket = true

[log]
access = false
"#;

impl Front {
    /// Vestibule.
    #[must_use]
    pub fn vestibule() -> Self {
        let recorder = Recorder::start();
        let toml = VESTIBULE.replace("{recorder}", &recorder.port.to_string());
        let configuration = Configuration {
            scheme: "http",
            toml: &toml,
        };
        let proxy = Proxy::start(configuration, &[]);
        Self {
            port: Address::parse(&proxy.url).port,
            recorder,
            _server: Server::Vestibule(Box::new(proxy)),
        }
    }

    /// nginx as a plain proxy.
    #[must_use]
    pub fn nginx() -> Self {
        let recorder = Recorder::start();
        let running = nginx(recorder.port, "");
        Self::other(recorder, running)
    }

    /// HAProxy as a plain proxy.
    #[must_use]
    pub fn haproxy() -> Self {
        let recorder = Recorder::start();
        let running = haproxy(recorder.port);
        Self::other(recorder, running)
    }

    fn other(recorder: Recorder, running: Running) -> Self {
        Self {
            port: running.port,
            recorder,
            _server: Server::Other(running),
        }
    }

    /// What clients write into `Host`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

/// As a reader it hands on every field it can read, and has no limits of its own.
const READER: &str = "
    underscores_in_headers on;
    ignore_invalid_headers off;
    large_client_header_buffers 8 64k;
";

/// One process, no daemon.
const NGINX: &str = "
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr error;
events { worker_connections 2000; }
http {
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {reader}
    client_max_body_size 0;
    keepalive_requests 100000;
    upstream behind { server 127.0.0.1:{behind}; keepalive 8; }
    server {
        listen 127.0.0.1:{port};
        location / {
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection \"\";
            proxy_ignore_client_abort on;
            proxy_next_upstream off;
            {buffers}
        }
    }
}
";

/// nginx that hands on everything it reads to a port.
pub(super) fn nginx_reader(behind: u16) -> Running {
    nginx(behind, READER)
}

/// nginx with the limits it has where nobody changed them, but for these lines, in front of a port.
#[must_use]
pub fn nginx_with(behind: u16, lines: &str) -> Running {
    let configuration = NGINX.replace("{reader}", "").replace("{buffers}", lines);
    start("nginx", &configuration, behind, |file| {
        vec!["-c".to_owned(), file.display().to_string()]
    })
}

/// Room for any answer.
const BUFFERS: &str = "
            proxy_buffer_size 512k;
            proxy_buffers 8 512k;
            proxy_busy_buffers_size 1m;
";

fn nginx(behind: u16, reader: &str) -> Running {
    let configuration = NGINX
        .replace("{reader}", reader)
        .replace("{buffers}", BUFFERS);
    start("nginx", &configuration, behind, |file| {
        vec!["-c".to_owned(), file.display().to_string()]
    })
}

const HAPROXY: &str = "
global
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind 127.0.0.1:{port}
    default_backend behind
backend behind
    server one 127.0.0.1:{behind}
";

fn haproxy(behind: u16) -> Running {
    start("haproxy", HAPROXY, behind, |file| {
        vec![
            "-db".to_owned(),
            "-f".to_owned(),
            file.display().to_string(),
        ]
    })
}

fn start(
    name: &str,
    configuration: &str,
    behind: u16,
    arguments: impl Fn(&Path) -> Vec<String>,
) -> Running {
    let port = place::free_port();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("configuration");
    let text = configuration
        .replace("{folder}", &folder.path().display().to_string())
        .replace("{behind}", &behind.to_string())
        .replace("{port}", &port.to_string());
    fs::write(&file, text).unwrap();
    let program = place::on_path(name)
        .or_else(|| Some(Path::new("/usr/sbin").join(name)).filter(|file| file.is_file()))
        .unwrap_or_else(|| panic!("{name} is not installed; run `cargo xtask test --install`"));
    let process = Process::start(name, &mut command(program, &arguments(&file)));
    eventually("it listens", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    Running {
        _process: process,
        _folder: folder,
        port,
    }
}
