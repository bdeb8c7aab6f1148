//! What shows each row of the family, and what comes close.

use serde_json::json;

use crate::Evidence;
use crate::evidence::{Cookie, Head, Header};
use crate::testing::{RowCase, case, entra_id_token, evidence, route, settings, texts, with};

fn head(fields: &[(&str, &str)]) -> Head {
    Head {
        headers: fields
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect(),
        ..Head::default()
    }
}

fn answer(status: u16, fields: &[(&str, &str)]) -> Option<Head> {
    Some(Head {
        status: Some(status),
        ..head(fields)
    })
}

fn refused(status: u16, bytes: usize) -> Evidence {
    evidence(|e| {
        e.upstream_request = Some(Head {
            headers: vec![Header::sized("Authorization", bytes)],
            ..Head::default()
        });
        e.upstream_response = answer(status, &[]);
    })
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    size().into_iter().chain(lost()).collect()
}

fn size() -> Vec<RowCase> {
    let limit = with(&refused(200, 9000), |e| {
        route(e).upstream_header_limit_bytes = Some(8192)
    });
    let client = evidence(|e| {
        e.request = Some(Head {
            length: Some(40_000),
            ..Head::default()
        });
        e.response = answer(431, &[]);
    });
    let set = |length| {
        evidence(|e| {
            e.settings
                .get_or_insert_with(settings)
                .listener
                .trusted_proxies = Some(texts(&["10.0.0.0/8"]));
            e.response = Some(Head {
                cookies: vec![
                    Cookie::new("s_0", length, true),
                    Cookie::new("s_1", 3000, true),
                ],
                ..Head::default()
            });
        })
    };
    vec![
        case("VST-HEADER-TOO-LARGE")
            .shows(refused(431, 5000))
            .shows(refused(400, 9000))
            .shows(with(&refused(502, 5000), |e| {
                e.upstream_response.as_mut().unwrap().hint = Some("Request Header Or Cookie Too Large".to_owned());
            }))
            .shows(limit.clone())
            .shows(with(&limit, |e| e.upstream_response = None))
            .silent(with(&limit, |e| {
                e.upstream_response = None;
                route(e).upstream_header_limit_bytes = Some(9500);
            }))
            .silent(refused(400, 3000))
            .silent(refused(502, 9000))
            .silent(with(&limit, |e| route(e).upstream_header_limit_bytes = Some(16_384))),
        case("VST-HEADER-CLIENT-TOO-LARGE")
            .shows(client.clone())
            .silent(Evidence::of_text("400 Bad Request: Request Header Or Cookie Too Large"))
            .silent(with(&client, |e| e.response = answer(400, &[])))
            .line("max_head = \"64KiB\""),
        case("VST-HEADER-FRONT-BUFFER")
            .shows(set(3000))
            .shows(Evidence::of_text("2026/03/01 10:11:12 [error] 7#7: *1 upstream sent too big header while reading response header from upstream"))
            .silent(set(1000))
            .silent(with(&set(3000), |e| e.settings.as_mut().unwrap().listener.trusted_proxies = Some(vec![]))),
    ]
}

fn lost() -> Vec<RowCase> {
    let underscore = evidence(|e| {
        route(e).header_names = texts(&["OIDC_CLAIM_sub"]);
        e.upstream_response = answer(200, &[("Server", "nginx/1.27")]);
    });
    let cgi = evidence(|e| {
        e.upstream_request = Some(Head {
            headers: vec![Header::sized("Authorization", 900)],
            ..Head::default()
        });
        e.upstream_response = answer(
            401,
            &[("Server", "Apache/2.4.65"), ("X-Powered-By", "PHP/8.4")],
        );
    });
    let basic = evidence(|e| {
        route(e).token_header = Some("Authorization".to_owned());
        e.request = Some(head(&[("Authorization", "Basic")]));
    });
    let forged = |name: &str| {
        evidence(|e| {
            route(e).header_names = texts(&["X-Forwarded-User"]);
            e.request = Some(head(&[(name, "admin")]));
        })
    };
    let name = |name: &str| {
        evidence(|e| {
            route(e).header_claims = texts(&["name"]);
            e.id_token = Some(entra_id_token(json!({ "name": name })));
            e.upstream_response = answer(400, &[]);
        })
    };
    let socket = evidence(|e| {
        e.request = Some(head(&[("Upgrade", "websocket")]));
        e.upstream_request = Some(head(&[("Host", "localhost")]));
    });
    vec![
        case("VST-HEADER-UNDERSCORE")
            .shows(underscore.clone())
            .shows(Evidence::of_text("2026/03/01 [info] client sent invalid header line: \"OIDC_CLAIM_sub: x\" while reading client request headers"))
            .silent(with(&underscore, |e| e.upstream_response = answer(200, &[("Server", "Kestrel")])))
            .silent(with(&underscore, |e| route(e).header_names = texts(&["X-User"]))),
        case("VST-HEADER-AUTHORIZATION-LOST")
            .shows(cgi.clone())
            .silent(with(&cgi, |e| {
                e.upstream_response = answer(401, &[("Server", "Apache"), ("WWW-Authenticate", "Bearer error=\"invalid_token\"")]);
            }))
            .silent(with(&cgi, |e| e.upstream_request = Some(Head::default())))
            .line("CGIPassAuth On"),
        case("VST-HEADER-AUTHORIZATION-REPLACED")
            .shows(basic.clone())
            .shows(with(&basic, |e| {
                e.request = None;
                e.upstream_response = answer(401, &[("WWW-Authenticate", "Basic realm=\"app\"")]);
            }))
            .silent(with(&basic, |e| e.request = Some(head(&[("Authorization", "Bearer")]))))
            .silent(with(&basic, |e| route(e).token_header = Some("X-Access-Token".to_owned()))),
        case("VST-HEADER-FORGED")
            .shows(forged("X_Forwarded-User"))
            .shows(forged("x-forwarded-user"))
            .silent(forged("X-Forwarded-Users")),
        case("VST-HEADER-NOT-ASCII")
            .shows(name("Jürgen"))
            .shows(Evidence::of_text("Welcome, JÃ¼rgen"))
            .silent(name("Jurgen"))
            .silent(with(&name("Jürgen"), |e| e.upstream_response = answer(200, &[])))
            .line("user = \"oid\""),
        case("VST-HEADER-WEBSOCKET")
            .shows(socket.clone())
            .silent(with(&socket, |e| e.upstream_request = Some(head(&[("Upgrade", "websocket")]))))
            .silent(with(&socket, |e| e.request = Some(head(&[("Upgrade", "h2c")]))))
            .line("websocket = true"),
        case("VST-HEADER-STREAM-CUT")
            .shows(Evidence::of_text("WebSocket closed with 1006 after an hour"))
            .silent(Evidence::of_text("WebSocket closed with 1000")),
    ]
}
