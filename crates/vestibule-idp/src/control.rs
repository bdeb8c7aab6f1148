//! The control listener: a second loopback port on which a test switches faults, changes keys and
//! reads what was asked of the provider.
//!
//! | request | does |
//! |---|---|
//! | `GET /faults` | the faults that are on |
//! | `POST /faults` | switches on the fault, or the array of faults, in the body |
//! | `DELETE /faults` | switches all off |
//! | `POST /roll-keys` | changes keys: body `{"how": "now"}` or another [`Roll`](crate::Roll); no body means `now` |
//! | `POST /revoke` | revokes every refresh token and signs every browser out |
//! | `GET /log` | counters and the last requests |
//! | `DELETE /log` | empties both |
//!
//! Bodies and answers are JSON. A request that a web page could have made (an `Origin` header, a
//! foreign `Host`, another content type) is refused.

use std::sync::Arc;

use http::{Method, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    endpoints::Request,
    faults::ArmedFault,
    provider::Provider,
    reply::{self, Reply},
    tokens::Roll,
};

/// Answers a request on the control listener.
pub(crate) async fn answer(provider: &Arc<Provider>, request: &Request) -> Reply {
    if request.headers.contains_key(header::ORIGIN) || request.is_cross_site() {
        return problem(403, "the control listener is not for web pages");
    }
    match (request.method.clone(), request.path.as_str()) {
        (Method::GET, "/faults") => reply::json(200, &json!(provider.faults.armed())),
        (Method::POST, "/faults") => with_body(request, |faults: OneOrMany| {
            let faults = match faults {
                OneOrMany::One(fault) => vec![*fault],
                OneOrMany::Many(faults) => faults,
            };
            provider.faults.arm(faults);
            reply::json(200, &json!(provider.faults.armed()))
        }),
        (Method::DELETE, "/faults") => {
            provider.faults.clear();
            reply::json(200, &json!([]))
        }
        (Method::POST, "/roll-keys") => {
            let roll = if request.body.is_empty() {
                Ok(RollText::default())
            } else {
                read_body(request)
            };
            match roll {
                Ok(roll) => roll_keys(provider, roll.how).await,
                Err(refusal) => *refusal,
            }
        }
        (Method::POST, "/revoke") => {
            provider.grants.revoke_all();
            provider.sessions.clear();
            reply::json(200, &json!({"revoked": true}))
        }
        (Method::GET, "/log") => reply::json(200, &json!(provider.log.read())),
        (Method::DELETE, "/log") => {
            provider.log.clear();
            reply::json(200, &json!(provider.log.read()))
        }
        (_, "/faults" | "/roll-keys" | "/revoke" | "/log") => {
            problem(405, "this address takes other methods")
        }
        _ => problem(404, "there is nothing here"),
    }
}

async fn roll_keys(provider: &Arc<Provider>, how: Roll) -> Reply {
    let provider = Arc::clone(provider);
    // Making a key takes a tenth of a second or so of computing.
    let rolled = tokio::task::spawn_blocking(move || provider.keys.roll(how)).await;
    match rolled {
        Ok(Ok(kid)) => reply::json(200, &json!({"signing": kid})),
        Ok(Err(error)) => problem(500, &error.to_string()),
        Err(_) => problem(500, "the task was lost"),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<ArmedFault>),
    One(Box<ArmedFault>),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollText {
    #[serde(default)]
    how: Roll,
}

fn with_body<T: for<'de> Deserialize<'de>>(
    request: &Request,
    act: impl FnOnce(T) -> Reply,
) -> Reply {
    match read_body(request) {
        Ok(body) => act(body),
        Err(refusal) => *refusal,
    }
}

fn read_body<T: for<'de> Deserialize<'de>>(request: &Request) -> Result<T, Box<Reply>> {
    let is_json = request.header(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.split(';').next().unwrap_or_default().trim() == "application/json"
    });
    if !is_json {
        return Err(Box::new(problem(415, "send the body as application/json")));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| Box::new(problem(400, &error.to_string())))
}

fn problem(status: u16, text: &str) -> Reply {
    reply::json(
        status,
        &Value::Object([("problem".to_owned(), text.into())].into_iter().collect()),
    )
}
