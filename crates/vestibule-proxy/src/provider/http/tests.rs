use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use vestibule_diagnosis::evidence::NoTunnel;
use vestibule_oidc::secret::Secret;

use super::*;
use crate::provider::outbound::client_tls;

fn outbound(proxy: Option<Url>) -> OutboundPlan {
    let ca = rcgen::generate_simple_self_signed(vec!["ca.test".to_owned()]).unwrap();
    OutboundPlan {
        tls: Arc::new(client_tls(Some(ca.cert.pem().as_bytes())).unwrap()),
        proxy,
    }
}

fn transport(proxy: Option<Url>) -> HttpTransport {
    let metadata_url = Url::parse("http://127.0.0.1:1/metadata").unwrap();
    HttpTransport::new(&outbound(proxy), &metadata_url).unwrap()
}

/// Answers every connection with these bytes; counts them and keeps the last request.
struct Server {
    url: Url,
    connections: Arc<AtomicUsize>,
    last: Arc<std::sync::Mutex<String>>,
}

async fn server(answer: impl Into<Vec<u8>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/token", listener.local_addr().unwrap())).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let last = Arc::new(std::sync::Mutex::new(String::new()));
    let answer = answer.into();
    let (counted, kept) = (Arc::clone(&connections), Arc::clone(&last));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            tokio::spawn(async move {
                let mut request = vec![0; 16384];
                let mut read = 0;
                loop {
                    let count = stream.read(&mut request[read..]).await.unwrap_or(0);
                    read += count;
                    let text = String::from_utf8_lossy(&request[..read]).into_owned();
                    let whole = text.contains("\r\n\r\n")
                        && (!text.starts_with("POST") || text.ends_with("last=1"));
                    if whole || count == 0 {
                        *kept.lock().unwrap() = text;
                        break;
                    }
                }
                let _ = stream.write_all(&answer).await;
                // Unless the answer is meant to hang, its end is the connection's.
                if !answer.is_empty() {
                    let _ = stream.shutdown().await;
                } else {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    Server {
        url,
        connections,
        last,
    }
}

fn post(url: &Url) -> ProviderCall {
    ProviderCall {
        url: url.clone(),
        authorization: Some(Secret::from("Basic c2VjcmV0")),
        form: Some(Secret::from("code=abc&last=1")),
        json: None,
        max_bytes: 100,
    }
}

#[tokio::test]
async fn a_call_carries_form_and_credentials_and_brings_back_the_answer() {
    let server = server(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    )
    .await;
    let answer = transport(None).call(post(&server.url)).await.unwrap();
    assert_eq!(answer.status, 400, "a refusal is an answer");
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.body, "{}");
    let request = server.last.lock().unwrap().clone();
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Basic c2VjcmV0\r\n"));
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(request.ends_with("code=abc&last=1"));
    assert!(
        !request.contains("origin:"),
        "Entra refuses a secret beside an Origin"
    );
}

/// CVE-2023-45289, CVE-2024-45336, CVE-2025-4673: clients that sent credentials on after a redirect.
#[tokio::test]
async fn cve_2024_45336_no_redirect_is_followed_and_no_credential_sent_on() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        let server = server(format!(
            "HTTP/1.1 {status} Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            elsewhere.url
        ))
        .await;
        let error = transport(None).call(post(&server.url)).await.unwrap_err();
        assert_eq!(error, CallError::Redirected { status });
        assert_eq!(elsewhere.connections.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn cve_2026_26998_an_answer_over_the_limit_is_not_read() {
    let body = "x".repeat(200);
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{body}");
    let chunked =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n{body}\r\n0\r\n\r\n");
    let to_the_end = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
    for answer in [announced, chunked, to_the_end] {
        let server = server(answer).await;
        let error = transport(None).call(post(&server.url)).await.unwrap_err();
        assert_eq!(error, CallError::TooLarge { limit: 100 });
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let server = server("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"access").await;
    let error = transport(None).call(post(&server.url)).await.unwrap_err();
    assert_eq!(error, CallError::Aborted);
}

#[tokio::test]
async fn a_closed_port_is_an_outage() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = transport(None)
        .call(ProviderCall::document(url))
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert!(error.is_outage());
}

#[tokio::test]
async fn a_name_of_this_machine_is_not_called_for_a_provider_elsewhere() {
    let here = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let port = here.url.port().unwrap();
    let metadata_url = Url::parse("https://idp.example.com/metadata").unwrap();
    let transport = HttpTransport::new(&outbound(None), &metadata_url).unwrap();
    let url = Url::parse(&format!("http://localhost:{port}/keys")).unwrap();
    let error = transport
        .call(ProviderCall::document(url))
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert_eq!(here.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn calls_go_through_the_proxy_but_those_to_this_machine_do_not() {
    let proxy = server("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n\"proxy\"").await;
    let direct = server("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\"direct\"").await;
    let transport = transport(Some(proxy.url.clone()));
    let far = Url::parse("http://idp.example.com/keys").unwrap();
    let answer = transport.call(ProviderCall::document(far)).await.unwrap();
    assert_eq!(answer.body, "\"proxy\"");
    assert!(
        proxy
            .last
            .lock()
            .unwrap()
            .starts_with("GET http://idp.example.com/keys ")
    );
    let answer = transport
        .call(ProviderCall::document(direct.url.clone()))
        .await
        .unwrap();
    assert_eq!(answer.body, "\"direct\"");
}

#[tokio::test]
async fn a_proxy_that_lets_no_call_through_is_told_from_a_provider_that_does_not_answer() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = Url::parse(&format!("http://{}", gone.local_addr().unwrap())).unwrap();
    drop(gone);
    let refusing = server("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n").await;
    let asking = server("HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n").await;
    let no_http = server("220 mail\r\n\r\n").await;
    let with_password = |url: &Url| {
        let mut url = url.clone();
        url.set_username("name").unwrap();
        url.set_password(Some("pass-word")).unwrap();
        url
    };
    let unnamed = Url::parse("http://proxy.invalid:3128").unwrap();
    for (proxy, expected) in [
        (dead, NoTunnel::NoConnection),
        (refusing.url.clone(), NoTunnel::Refused),
        (with_password(&refusing.url), NoTunnel::Refused),
        (asking.url.clone(), NoTunnel::Credentials),
        (no_http.url.clone(), NoTunnel::Refused),
        (unnamed, NoTunnel::NoSuchHost),
    ] {
        let transport = transport(Some(proxy.clone()));
        let far = Url::parse("https://idp.example.com/keys").unwrap();
        let called = transport.call(ProviderCall::document(far.clone())).await;
        let called = called.unwrap_err();
        assert!(called.is_outage());
        assert!(!called.to_string().contains("pass-word"), "{called}");
        let place = format!("{}:{}", proxy.host_str().unwrap(), proxy.port().unwrap());
        let CallError::NoTunnel { proxy: at, reason } = called else {
            panic!("{called:?}")
        };
        assert_eq!((at, reason), (place.clone(), expected));
        let examined = transport.examine(far, "*/*").await.unwrap_err();
        let ExamineError::NoTunnel { proxy: at, reason } = examined else {
            panic!("{examined:?}")
        };
        assert_eq!((at, reason), (place, expected));
    }
}

/// What is behind the proxy is the provider's: a server that is none of TLS is not the proxy's doing.
#[tokio::test]
async fn what_fails_behind_the_proxy_is_not_its_fault() {
    let proxy = server("HTTP/1.1 200 OK\r\n\r\n").await;
    let transport = transport(Some(proxy.url.clone()));
    let far = Url::parse("https://idp.example.com/keys").unwrap();
    let called = transport.call(ProviderCall::document(far)).await;
    assert!(
        !matches!(called, Err(CallError::NoTunnel { .. })),
        "{called:?}"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let here = transport.call(ProviderCall::document(closed)).await;
    assert!(
        matches!(here, Err(CallError::Unreachable { .. })),
        "{here:?}"
    );
}
